/** JSON text of a `T`: what `toJson` made and `fromJson` reads. */
export type JsonText<T> = string & { readonly [HOLDS]: T };

/** Exists for the type checker only. */
declare const HOLDS: unique symbol;

export function toJson<T>(value: T): JsonText<T> {
  return JSON.stringify(value) as JsonText<T>; // The one maker of such texts.
}

/** Nothing but this service writes the text, so its content is what it was made from. */
export function fromJson<T>(text: JsonText<T>): T {
  return JSON.parse(text) as T;
}
