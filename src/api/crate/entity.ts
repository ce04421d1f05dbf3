import type { JsonValue } from '../../runs/json.ts';

/** One node of the crate's graph. A property whose values are many is a stream of them. */
export interface Entity {
  readonly '@id': string;
  readonly '@type': string | readonly string[];
  readonly [property: string]: JsonValue | References;
}

/** Ids of other entities, to be walked through once. */
export type References = AsyncGenerator<string, void, undefined>;

/** The value of a property that names another entity. */
export function ref(id: string): { readonly '@id': string } {
  return { '@id': id };
}

/** None, one or several: JSON-LD's compact form has no list of one. */
export function refs(ids: readonly string[]): JsonValue | undefined {
  const [only] = ids;
  if (only === undefined) return undefined;
  return ids.length === 1 ? ref(only) : ids.map(ref);
}

/** The properties that have a value. */
export function given(
  properties: Readonly<Record<string, JsonValue | References | undefined>>,
): Readonly<Record<string, JsonValue | References>> {
  const entries = Object.entries(properties).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, JsonValue | References>; // undefined was filtered out
}
