import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { nameIn, parentOf } from './address.ts';

const PRIVATE_DIRECTORY = 0o700;
const LONGEST_NAME_BYTES = 240;

/**
 * Where fetched files lie: a directory for each parent of addresses, in which they have their own names, as an
 * index beside its data. One that would take the place of another has a directory for itself.
 */
export class SideBySide {
  readonly #directory: string;
  readonly #groups = new Map<string, string>();
  readonly #taken = new Set<string>();

  /** @param addresses in the order of the request, so that the same request has the same places */
  constructor(directory: string, addresses: readonly string[]) {
    this.#directory = directory;
    for (const address of addresses) {
      const parent = parentOf(address);
      if (!this.#groups.has(parent)) this.#groups.set(parent, String(this.#groups.size + 1));
    }
  }

  /** Moves a file to where it belongs; gives its absolute path. */
  async place(from: string, address: string, name: string | undefined): Promise<string> {
    const path = this.#claim(address, fileName(name ?? nameIn(address) ?? ''));
    await mkdir(join(path, '..'), { recursive: true, mode: PRIVATE_DIRECTORY });
    await rename(from, path);
    return path;
  }

  #claim(address: string, name: string): string {
    const group = this.#groups.get(parentOf(address)) ?? '0';
    for (let copy = 1; ; copy += 1) {
      const path = join(this.#directory, copy === 1 ? group : `${group}-${copy}`, name);
      if (this.#taken.has(path)) continue;
      this.#taken.add(path);
      return path;
    }
  }
}

/** A plain one that every file system takes. */
function fileName(name: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  const plain = name.replace(/[\u0000-\u001f\u007f/]/g, '_');
  if (plain === '' || plain === '.' || plain === '..') return 'file';
  // The end says what kind of file it is.
  let rest = plain;
  while (Buffer.byteLength(rest) > LONGEST_NAME_BYTES) rest = rest.slice(1);
  return rest;
}
