import { createHash } from 'node:crypto';
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { chmod, copyFile, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

const PRIVATE_FILE = 0o600;
const BLOCK_BYTES = 1024 * 1024;
const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE } = constants;

/**
 * Copies a file to `path`, where nothing is: on file systems that can, without its blocks. Gives the SHA-256 of
 * the copy, in lower-case hex; when it fails, no copy stays.
 */
export async function copyVerified(
  from: string,
  path: string,
  signal: AbortSignal,
): Promise<string> {
  try {
    if (!(await isCloned(from, path))) return await copyDigested(from, path, signal);
    await chmod(path, PRIVATE_FILE);
    return await digestOf(path, signal);
  } catch (error) {
    const isForeign = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!isForeign) await rm(path, { force: true });
    throw error;
  }
}

async function isCloned(from: string, path: string): Promise<boolean> {
  try {
    await copyFile(from, path, COPYFILE_EXCL | COPYFILE_FICLONE_FORCE);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'EEXIST') throw error;
    // An attempt that was refused may leave an empty file.
    await rm(path, { force: true });
    return false;
  }
}

async function copyDigested(from: string, path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const digested = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  const source = createReadStream(from, { highWaterMark: BLOCK_BYTES });
  const sink = createWriteStream(path, { flags: 'wx', mode: PRIVATE_FILE });
  await pipeline(source, digested, sink, { signal });
  return hash.digest('hex');
}

async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const chunks = createReadStream(path, { highWaterMark: BLOCK_BYTES, signal });
  // Bytes, because no encoding was asked for.
  for await (const chunk of chunks as AsyncIterable<Uint8Array>) hash.update(chunk);
  return hash.digest('hex');
}
