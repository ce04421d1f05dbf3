import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { WesClientError } from '../../../wes/client-error.ts';
import type { RemoteFile } from './output-files.ts';

/** `sha256:<hex>`, or as CWL writes it: `sha1$<hex>`. */
const CHECKSUM_PATTERN = /^(sha1|sha256|sha512|md5)[:$]([0-9a-f]+)$/i;

/** What came of a file, measured while it passes. */
export class Measure {
  size = 0;
  readonly #hash: Hash | undefined;

  constructor({ checksum }: RemoteFile) {
    const algorithm = CHECKSUM_PATTERN.exec(checksum ?? '')?.[1];
    this.#hash = algorithm === undefined ? undefined : createHash(algorithm.toLowerCase());
  }

  add(chunk: Uint8Array): void {
    this.size += chunk.byteLength;
    this.#hash?.update(chunk);
  }

  /** Lower-case hex; undefined when no checksum was told that could be compared. To be asked once, at the end. */
  digest(): string | undefined {
    return this.#hash?.digest('hex');
  }
}

/** True when the server told a checksum by which the content can be known. */
export function hasChecksum({ checksum }: RemoteFile): boolean {
  return CHECKSUM_PATTERN.test(checksum ?? '');
}

/**
 * Compares what came with what the server told; gives true when there was a checksum to compare.
 * @throws WesClientError `server_error`
 */
export function checkContent(file: RemoteFile, measure: Measure): boolean {
  if (file.size !== undefined && file.size !== measure.size) {
    throw damaged(file, `${measure.size} bytes came, ${file.size} were told`);
  }
  const digest = measure.digest();
  const expected = CHECKSUM_PATTERN.exec(file.checksum ?? '')?.[2]?.toLowerCase();
  if (digest !== undefined && digest !== expected) {
    throw damaged(file, `its checksum is not ${file.checksum}`);
  }
  return digest !== undefined;
}

function damaged(file: RemoteFile, problem: string): WesClientError {
  return new WesClientError('server_error', `${file.path} came damaged: ${problem}`);
}

/** Measures the file at a path, links not followed; undefined when there is no regular file. */
export async function measureFile(
  path: string,
  remote: RemoteFile,
  signal: AbortSignal,
): Promise<Measure | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    if (!(await file.stat()).isFile()) return undefined;
    const measure = new Measure(remote);
    const stream = file.createReadStream({ autoClose: false, signal });
    for await (const chunk of stream) measure.add(chunk as Uint8Array); // no encoding was set
    return measure;
  } finally {
    await file.close();
  }
}
