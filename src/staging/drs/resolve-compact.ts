import { LRUCache } from 'lru-cache';
import { FetchError, type Web } from '../protocol.ts';
import { reworded } from '../reworded.ts';
import { isJsonObject, readJsonObject, type JsonObject } from '../read-answer.ts';

export interface CompactDeps {
  readonly web: Web;
  /** Address of identifiers.org's resolver. */
  readonly resolverUrl: string;
}

/** Gives the address of an object at its server. */
export type ResolveCompact = (
  prefix: string,
  accession: string,
  signal: AbortSignal,
) => Promise<string>;

/** DRS asks clients to remember where the objects of a prefix are. */
const REMEMBERED = { max: 1000, ttl: 3_600_000 };
const OBJECTS = /^(.*\/ga4gh\/drs\/v1\/objects\/)/;

export function createCompactResolver({ web, resolverUrl }: CompactDeps): ResolveCompact {
  const objectsByPrefix = new LRUCache<string, string>(REMEMBERED);
  return async (prefix, accession, signal) => {
    const known = objectsByPrefix.get(prefix);
    // The registry puts accessions into addresses as they are; in DRS each is one part of a path.
    if (known !== undefined) return known + encodeURIComponent(accession);
    const path = encodeURIComponent(accession).replaceAll('%2F', '/').replaceAll('%3A', ':');
    const url = `${resolverUrl.replace(/\/+$/, '')}/${prefix}:${path}`;
    const resolved = await askResolver(web, url, prefix, signal);
    const objects = OBJECTS.exec(resolved)?.[1];
    if (objects === undefined) return resolved;
    objectsByPrefix.set(prefix, objects);
    return objects + encodeURIComponent(accession);
  };
}

async function askResolver(
  web: Web,
  url: string,
  prefix: string,
  signal: AbortSignal,
): Promise<string> {
  const accept = { accept: 'application/json' };
  const answer = await web.get(url, { headers: accept, signal }).catch((error: unknown) => {
    throw inWords(error, prefix);
  });
  const { payload } = await readJsonObject(answer, 'the resolver of compact identifiers');
  const list = isJsonObject(payload) ? payload.resolvedResources : undefined;
  const resources = (Array.isArray(list) ? list.filter(isJsonObject) : []).filter(isUsable);
  const [best] = resources.toSorted((one, other) => recommended(other) - recommended(one));
  if (best === undefined) throw unknown(prefix);
  return String(best.compactIdentifierResolvedUrl);
}

function isUsable(resource: JsonObject): boolean {
  const { compactIdentifierResolvedUrl: url, deprecatedResource } = resource;
  return typeof url === 'string' && URL.canParse(url) && deprecatedResource !== true;
}

function recommended({ recommendation }: JsonObject): number {
  const index = isJsonObject(recommendation) ? recommendation.recommendationIndex : undefined;
  return typeof index === 'number' ? index : 0;
}

function inWords(error: unknown, prefix: string): unknown {
  if (!(error instanceof FetchError)) return error;
  if (error.status === 404 || error.status === 400) return unknown(prefix);
  return reworded(error, `the resolver of compact identifiers: ${error.message}`);
}

function unknown(prefix: string): FetchError {
  return new FetchError(
    `the registry of compact identifiers does not know where objects of '${prefix}' are`,
    false,
  );
}
