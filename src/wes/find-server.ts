import { WesClientError } from './client-error.ts';
import type { Transport } from './transport.ts';

const STANDARD_PATH = '/ga4gh/wes/v1';

/**
 * The address below which a server's operations are, for what a person typed: with or without
 * `/ga4gh/wes/v1`, `/service-info` or a slash at the end. An address that has the standard's path is
 * taken as it is; any other is asked for its service-info.
 * @throws WesClientError when nothing there answers like a WES server.
 */
export async function findServer(typed: URL, transport: Transport): Promise<URL> {
  const plain = withoutTail(typed);
  if (/\/ga4gh\/wes\/v\d+$/.test(plain.pathname)) return plain;
  const candidates = [below(plain, STANDARD_PATH), plain];
  for (const candidate of candidates) {
    if (await isWesServer(candidate, transport)) return candidate;
  }
  const tried = candidates.map((candidate) => candidate.href).join(' or ');
  throw new WesClientError('not_found', `No WES server at ${tried}`, 404);
}

function withoutTail(typed: URL): URL {
  const url = new URL(typed.origin);
  url.pathname = typed.pathname.replace(/\/+$/, '').replace(/\/service-info$/, '');
  return url;
}

/** Asks with credentials, but a server that refuses them is a server all the same. */
async function isWesServer(base: URL, transport: Transport): Promise<boolean> {
  const expects = [400, 401, 403, 404, 405, 406];
  const response = await transport.send(below(base, '/service-info'), { expects });
  if (response.status === 401 || response.status === 403) return true;
  const info: unknown = response.ok ? await response.json().catch(() => undefined) : undefined;
  if (!response.ok) await response.body?.cancel();
  if (typeof info !== 'object' || info === null) return false;
  return 'supported_wes_versions' in info || 'workflow_type_versions' in info;
}

/** `path` below `base`, whose own path is kept. */
export function below(base: URL, path: string): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, '')}${path}`;
  return url;
}
