import { posix } from 'node:path';
import { readChecksums } from '../checksums.ts';
import { FetchError, type Checksum } from '../protocol.ts';
import { isJsonObject, type JsonObject } from '../read-answer.ts';

/** One file of a version, as the registry lists it. */
export interface TrsFile {
  /** As the registry spells it: what it is asked by. */
  readonly path: string;
  readonly kind: 'primary' | 'secondary' | 'other';
  readonly checksums: readonly Checksum[];
}

const KINDS: Readonly<Record<string, TrsFile['kind'] | 'unwanted'>> = {
  PRIMARY_DESCRIPTOR: 'primary',
  SECONDARY_DESCRIPTOR: 'secondary',
  TEST_FILE: 'unwanted',
  CONTAINERFILE: 'unwanted',
};

/** @throws FetchError */
export function readTrsFiles(list: unknown): readonly TrsFile[] {
  if (!Array.isArray(list))
    throw new FetchError('its registry did not answer with a list of files', false);
  return list.filter(isJsonObject).flatMap(readTrsFile);
}

function readTrsFile({ path, file_type: type, checksum }: JsonObject): readonly TrsFile[] {
  const kind = KINDS[String(type)] ?? 'other';
  if (typeof path !== 'string' || kind === 'unwanted') return [];
  // TRS 2.0.1 gives one; some registries a list, as elsewhere in TRS.
  return [
    { path, kind, checksums: readChecksums(Array.isArray(checksum) ? checksum : [checksum]) },
  ];
}

/**
 * The file that is run.
 * @param wanted as an address names it
 * @throws FetchError
 */
export function findPrimary(files: readonly TrsFile[], wanted: string | undefined): TrsFile {
  if (wanted !== undefined) {
    const found = files.find(({ path }) => normal(path) === normal(wanted));
    if (found !== undefined) return found;
    throw new FetchError(`its registry lists no file '${wanted}', but ${listed(files)}`, false);
  }
  const [primary, second] = files.filter(({ kind }) => kind === 'primary');
  if (primary === undefined)
    throw new FetchError('its registry names no primary descriptor', false);
  if (second === undefined) return primary;
  throw new FetchError(
    `its registry names several primary descriptors: add the one that is meant to the address (${primary.path}, say)`,
    false,
  );
}

function normal(path: string): string {
  return posix.normalize(path.replace(/^\/+/, ''));
}

function listed(files: readonly TrsFile[]): string {
  const names = files.slice(0, 5).map(({ path }) => `'${path}'`);
  if (names.length === 0) return 'none at all';
  return names.join(', ') + (files.length > names.length ? ', …' : '');
}
