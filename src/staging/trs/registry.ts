import { createHash } from 'node:crypto';
import { authorization, type Hosts } from '../hosts.ts';
import { FetchError, type Web, type WebAnswer } from '../protocol.ts';
import { reworded } from '../reworded.ts';
import { readBytes, readJson } from '../read-answer.ts';
import type { TrsAddress } from './trs-address.ts';
import type { TrsFile } from './trs-files.ts';

/** The requests that are made of a registry for one version. */
export interface Registry {
  /** What it lists, as it came. */
  files(type: string): Promise<unknown>;
  /** Undefined when there is none. */
  read(type: string, file: TrsFile, limitBytes: number): Promise<Buffer | undefined>;
}

const NOT_FOUND = 404;

export function createRegistry(
  { host, versionUrl }: TrsAddress,
  { web, hosts }: { readonly web: Web; readonly hosts: Hosts },
  signal: AbortSignal,
): Registry {
  const token = hosts.tokenOf(host);
  async function get(url: string, accept: string): Promise<WebAnswer | undefined> {
    try {
      return await web.get(url, { headers: { accept, ...authorization(token) }, signal });
    } catch (error) {
      if (!(error instanceof FetchError)) throw error;
      if (error.status === NOT_FOUND) return undefined;
      throw inWords(error, host, token !== undefined);
    }
  }
  return {
    files: async (type) => {
      const answer = await get(`${versionUrl}/${type}/files`, 'application/json');
      if (answer === undefined) throw unknownVersion(host, type);
      return await readJson(answer, `its registry ${host}`);
    },
    read: async (type, file, limitBytes) => {
      const base = `${versionUrl}/PLAIN_${type}/descriptor/`;
      for (const path of spellings(file.path)) {
        const answer = await get(base + path, 'text/plain, */*;q=0.5');
        if (answer !== undefined) return checked(await readBytes(answer, limitBytes), file);
      }
      return undefined;
    },
  };
}

/** As one part of the path, which dots survive; as it stands where servers take only that. */
function spellings(path: string): readonly string[] {
  const whole = encodeURIComponent(path);
  const parts = path.split('/');
  if (parts.length === 1 || parts.some((part) => part === '.' || part === '..')) return [whole];
  return [whole, parts.map((part) => encodeURIComponent(part)).join('/')];
}

function checked(content: Buffer, { path, checksums }: TrsFile): Buffer {
  for (const { algorithm, hex } of checksums) {
    if (createHash(algorithm).update(content).digest('hex') === hex) continue;
    throw new FetchError(
      `'${path}' has not the ${algorithm} checksum that its registry lists`,
      false,
    );
  }
  return content;
}

function unknownVersion(host: string, type: string): FetchError {
  return new FetchError(
    `its registry ${host} has no such ${type} workflow, or no such version of it (an id with slashes must be percent-encoded)`,
    false,
    { status: NOT_FOUND },
  );
}

function inWords(error: FetchError, host: string, hasToken: boolean): FetchError {
  const isRefused = error.status === 401 || error.status === 403;
  const remedy = hasToken
    ? "does not let the service read it with the operator's token"
    : 'does not let everybody read it, and the service has no token for it (STAGING_TOKENS)';
  const reason = isRefused
    ? `its registry ${host} ${remedy}`
    : `its registry ${host}: ${error.message}`;
  return reworded(error, reason);
}
