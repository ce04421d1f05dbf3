/** Which bytes of an object a request is answered with; both ends inclusive. */
export type RequestedBytes =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' };

const SINGLE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * Reads a `Range` header (RFC 9110 section 14.1.2). What a server may ignore gets the whole object:
 * several ranges, another unit, and what is no range at all.
 */
export function requestedBytes(header: string | undefined, sizeBytes: number): RequestedBytes {
  const [, first = '', last = ''] = SINGLE_RANGE.exec(header ?? '') ?? [];
  if (first === '' && last === '') return { kind: 'whole' };
  if (first === '') return lastBytes(Number(last), sizeBytes);
  if (last !== '' && Number(last) < Number(first)) return { kind: 'whole' }; // not a valid range
  if (Number(first) >= sizeBytes) return { kind: 'unsatisfiable' };
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  return { kind: 'part', start: Number(first), end };
}

/** More than there are is all of them. */
function lastBytes(count: number, sizeBytes: number): RequestedBytes {
  if (count === 0 || sizeBytes === 0) return { kind: 'unsatisfiable' };
  return { kind: 'part', start: Math.max(0, sizeBytes - count), end: sizeBytes - 1 };
}
