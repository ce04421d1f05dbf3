import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, rename, rm, rmdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { hasChecksum, Measure, measureFile } from './checksum.ts';
import { codeOf } from './file-error.ts';
import type { RemoteFile } from './output-files.ts';
import { PARTIAL_FOLDER, realFolder } from './places.ts';

/**
 * What has come of a file so far, in a folder of its own and under a name that nobody takes for the file's.
 * The name is made of the path and the checksum, so that what is left of one version is never gone on with
 * as another. Who works on it has its own process id behind the name: a second download into the same
 * directory keeps its hands off, and takes over what a process left that was killed.
 */
export class PartialFile {
  readonly #path: string;
  readonly #kept: string;
  readonly #remote: RemoteFile;
  #file: FileHandle;
  #measure: Measure;

  private constructor(path: string, kept: string, remote: RemoteFile, file: FileHandle) {
    this.#path = path;
    this.#kept = kept;
    this.#remote = remote;
    this.#file = file;
    this.#measure = new Measure(remote);
  }

  static async open(
    directory: string,
    remote: RemoteFile,
    signal: AbortSignal,
  ): Promise<PartialFile> {
    const folder = join(directory, PARTIAL_FOLDER);
    await realFolder(folder);
    const kept = join(folder, nameOf(remote));
    const path = `${kept}.${process.pid}`;
    // Without a checksum nobody could tell that the rest belongs to it.
    if (hasChecksum(remote)) await takeOver(folder, nameOf(remote), path);
    const measure = await measureFile(path, remote, signal);
    const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants;
    const file = await open(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0o666);
    const partial = new PartialFile(path, kept, remote, file);
    if (measure === undefined || !hasChecksum(remote)) await partial.restart();
    else partial.#measure = measure;
    return partial;
  }

  get measure(): Measure {
    return this.#measure;
  }

  /** Writes what comes next. */
  async append(chunk: Uint8Array): Promise<void> {
    const position = this.#measure.size;
    for (let done = 0; done < chunk.byteLength;) {
      const rest = chunk.byteLength - done;
      done += (await this.#file.write(chunk, done, rest, position + done)).bytesWritten;
    }
    this.#measure.add(chunk);
  }

  /** Forgets what came. */
  async restart(): Promise<void> {
    await this.#file.truncate(0);
    this.#measure = new Measure(this.#remote);
  }

  /** It is whole: it gets its name. */
  async finish(place: string): Promise<void> {
    await this.#file.close();
    await rename(this.#path, place);
  }

  /** For the next time. What can't be gone on with is not kept. */
  async keep(): Promise<void> {
    await this.#file.close();
    if (hasChecksum(this.#remote) && this.#measure.size > 0) await rename(this.#path, this.#kept);
    else await rm(this.#path, { force: true });
  }

  async discard(): Promise<void> {
    await this.#file.close();
    await rm(this.#path, { force: true });
  }
}

/** Removes the folder of partial files when nothing is left in it. */
export async function removeEmptyFolder(directory: string): Promise<void> {
  await rmdir(join(directory, PARTIAL_FOLDER)).catch((error: unknown) => {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
  });
}

function nameOf({ path, size, checksum }: RemoteFile): string {
  return createHash('sha256')
    .update(JSON.stringify([path, size, checksum]))
    .digest('hex');
}

/** Renaming is atomic: of several who try, one has it. */
async function takeOver(folder: string, name: string, path: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(name)) continue;
    const owner = /^\.(\d+)$/.exec(entry.slice(name.length))?.[1];
    const isFree = entry === name || (owner !== undefined && !isAlive(Number(owner)));
    if (!isFree) continue;
    await rename(join(folder, entry), path).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}
