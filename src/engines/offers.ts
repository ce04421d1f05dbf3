import type { EngineOffer } from '../runs/engine-catalog.ts';

/** One offer for each engine name, with all its versions (newest first) and languages. */
export function mergeOffers(offers: readonly EngineOffer[]): readonly EngineOffer[] {
  const merged = new Map<string, EngineOffer>();
  for (const offer of offers) {
    const known = merged.get(offer.engine);
    merged.set(offer.engine, known === undefined ? offer : mergeTwo(known, offer));
  }
  return [...merged.values()];
}

function mergeTwo(a: EngineOffer, b: EngineOffer): EngineOffer {
  return {
    ...a,
    versions: union(a.versions, b.versions).toSorted(newestFirst),
    workflowTypes: mergeTypes(a.workflowTypes, b.workflowTypes),
  };
}

function mergeTypes(
  a: EngineOffer['workflowTypes'],
  b: EngineOffer['workflowTypes'],
): EngineOffer['workflowTypes'] {
  const types = union(Object.keys(a), Object.keys(b));
  return Object.fromEntries(types.map((type) => [type, union(a[type] ?? [], b[type] ?? [])]));
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])];
}

function newestFirst(a: string, b: string): number {
  return b.localeCompare(a, 'en', { numeric: true });
}
