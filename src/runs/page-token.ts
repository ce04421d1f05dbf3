import { createHash } from 'node:crypto';
import { invalidRequest } from './errors.ts';

/**
 * A page token says all that the next page needs, so it is understood by every instance and after
 * every restart. It gives no right to anything: what a caller may see is decided anew on each page.
 */
export interface PagePosition {
  /** The last item of the page before. */
  readonly after: string;
  /** The list shows only what was there before this time, in ms; absent where nothing is ever added. */
  readonly before?: number;
}

/** What a token belongs to: the kind of list and all that narrows or orders it. */
export interface PageScope {
  readonly list: 'runs' | 'tasks' | 'outputs';
  readonly filter: unknown;
}

const VERSION = 1;

export function encodePageToken(scope: PageScope, { after, before }: PagePosition): string {
  const fields = [VERSION, scopeDigest(scope), after, before ?? null];
  return Buffer.from(JSON.stringify([...fields, checksum(fields)])).toString('base64url');
}

/** @throws WesError `invalid_request` for a token that is damaged or belongs to another list or other filters */
export function decodePageToken(scope: PageScope, token: string): PagePosition {
  const [version, digest, after, before, sum] = readFields(token);
  if (version !== VERSION || typeof after !== 'string' || !isTime(before)) throw invalidToken();
  if (sum !== checksum([version, digest, after, before])) throw invalidToken();
  if (digest !== scopeDigest(scope)) {
    throw invalidRequest(
      'page_token',
      'belongs to another list; ask for each page with the same filters and order as for the first',
    );
  }
  return { after, ...(before !== null && { before }) };
}

function isTime(value: unknown): value is number | null {
  return value === null || (typeof value === 'number' && Number.isSafeInteger(value));
}

function readFields(token: string): readonly unknown[] {
  try {
    const bytes = Buffer.from(token, 'base64url');
    const fields: unknown = JSON.parse(bytes.toString());
    // The decoder skips what is not base64url.
    if (Array.isArray(fields) && bytes.toString('base64url') === token) return fields;
  } catch {
    // Falls through to the same answer as any other damage.
  }
  throw invalidToken();
}

function invalidToken(): Error {
  return invalidRequest(
    'page_token',
    'is not one that this service gave out; start again without page_token',
  );
}

function scopeDigest({ list, filter }: PageScope): string {
  return shortHash(JSON.stringify([list, filter]));
}

/** Finds damage, not forgery: there is nothing to gain by forging a token. */
function checksum(fields: readonly unknown[]): string {
  return shortHash(JSON.stringify(fields));
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}
