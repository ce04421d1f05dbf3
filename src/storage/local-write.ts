import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  codeOf,
  inDirectory,
  isRealDirectory,
  PRIVATE_FILE,
  syncDirectory,
} from './local-directory.ts';
import type { LocalDirectories } from './local-directory.ts';
import { asStorageError } from './local-error.ts';
import { createMeasure } from './measure.ts';
import { StorageError } from './storage.ts';
import type { StoredObject } from './storage.ts';

const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;

/** Writes beside the object and renames over it: readers see the old bytes or the new ones, never a part. */
export async function replaceObject(
  directories: LocalDirectories,
  key: string,
  body: Readable,
): Promise<StoredObject> {
  const incoming = join(directories.incoming, randomUUID());
  const path = join(directories.objects, key);
  const measure = createMeasure();
  let failure: Error | undefined;
  try {
    const file = await inDirectory(directories.incoming, () => open(incoming, 'wx', PRIVATE_FILE));
    const sink = file.createWriteStream({ flush: true });
    // The pipeline ends every stream with the error of one: who was first is to be told here.
    sink.once('error', (error) => (failure = body.errored === null ? error : undefined));
    await pipeline(body, measure.pass, sink);
    await inDirectory(dirname(path), () => rename(incoming, path));
    await syncDirectory(dirname(path));
    return measure.result();
  } catch (error) {
    await rm(incoming, { force: true });
    throw failure === undefined ? error : asStorageError(failure, key);
  }
}

/** Live logs are not synced: after a power failure their writer repeats them from what is there. */
export async function appendToObject(
  path: string,
  offset: number,
  bytes: Uint8Array,
): Promise<void> {
  const file = await openToAppend(path, offset);
  try {
    const { size } = await file.stat();
    if (offset > size) throw gap(offset, size);
    await writeAll(file, offset, bytes);
  } finally {
    await file.close();
  }
}

/** Only an append at the beginning makes the object: any other would begin with a hole. */
async function openToAppend(path: string, offset: number): Promise<FileHandle> {
  if (offset === 0)
    return inDirectory(dirname(path), () =>
      open(path, O_RDWR | O_CREAT | O_NOFOLLOW, PRIVATE_FILE),
    );
  if (!(await isRealDirectory(dirname(path)))) throw gap(offset, 0);
  return open(path, O_RDWR | O_NOFOLLOW).catch((error: unknown) => {
    throw codeOf(error) === 'ENOENT' ? gap(offset, 0) : error;
  });
}

/** One write may take fewer bytes than it is given, as when the disk is nearly full. */
async function writeAll(file: FileHandle, offset: number, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.byteLength;) {
    const { bytesWritten } = await file.write(bytes, written, undefined, offset + written);
    written += bytesWritten;
  }
}

function gap(offset: number, sizeBytes: number): StorageError {
  return new StorageError(
    'gap',
    `bytes for offset ${offset} would leave a hole after the ${sizeBytes} bytes that are there`,
  );
}
