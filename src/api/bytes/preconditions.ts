import type { IncomingHttpHeaders } from 'node:http';

/** What tells one version of an object from another. */
export interface Version {
  /** Strong: with the quotes, without `W/`. */
  readonly etag: string;
  /** HTTP date, in whole seconds. */
  readonly lastModified: string;
}

/** True when the client's copy is still good, so that 304 answers (RFC 9110 section 13.2.2). */
export function isNotModified(headers: IncomingHttpHeaders, version: Version): boolean {
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined) return matchesAny(noneMatch, version.etag);
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return since >= Date.parse(version.lastModified);
}

/** True when the `Range` header counts: without `If-Range`, or with one that names this very version. */
export function isRangeFor(headers: IncomingHttpHeaders, version: Version): boolean {
  const ifRange = headers['if-range'];
  return ifRange === undefined || ifRange === version.etag || ifRange === version.lastModified;
}

/** Weak comparison: a proxy may have marked our tag as weak. */
function matchesAny(header: string, etag: string): boolean {
  if (header.trim() === '*') return true;
  const tags: readonly string[] = header.match(/"[^"]*"/g) ?? [];
  return tags.includes(etag);
}
