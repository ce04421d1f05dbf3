/**
 * A copy of a document without empty `required` lists, which TypeBox writes and OpenAPI 3.0 (its JSON
 * Schema, section 5.4.3) does not allow.
 */
export function withoutEmptyRequired(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmptyRequired);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(
    ([key, item]) => !(key === 'required' && Array.isArray(item) && item.length === 0),
  );
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutEmptyRequired(item)]));
}
