import { execFile } from 'node:child_process';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LARGE = Buffer.alloc(1024 * 1024);
const SMALL = Buffer.alloc(4096);
const TOP_UP_MS = 20;
const UNMOUNT_TRIES = 50;
const UNMOUNT_PAUSE_MS = 100;

/** A file system in memory that is small enough to be filled. */
export class SmallDisk {
  readonly #path: string;
  #isFull = false;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Mounted on a directory that exists; where that is not permitted, the reason. */
  static async mount(path: string, mebibytes: number): Promise<SmallDisk | string> {
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0755`, 'tmpfs', path]);
      return new SmallDisk(path);
    } catch (error) {
      const { stderr } = error as { readonly stderr?: string }; // what execFile adds to its errors
      const [reason] = (stderr ?? String(error)).split('\n');
      return `no file system may be mounted here: ${reason}`;
    }
  }

  /** Takes all room, and what others give back, for so long. False when it is full already. */
  async fill(lastsMs: number): Promise<boolean> {
    if (this.#isFull) return false;
    this.#isFull = true;
    const path = join(this.#path, 'filler');
    const filler = await open(path, 'w');
    try {
      while (await writes(filler, LARGE));
      for (const endsAt = performance.now() + lastsMs; performance.now() < endsAt;) {
        while (await writes(filler, SMALL));
        await delay(TOP_UP_MS);
      }
    } finally {
      await filler.close();
      await rm(path, { force: true });
      this.#isFull = false;
    }
    return true;
  }

  /** Somebody may just be letting go of it. */
  async unmount(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await run('umount', [this.#path]);
        return;
      } catch (error) {
        if (tries === UNMOUNT_TRIES) throw error;
      }
      await delay(UNMOUNT_PAUSE_MS);
    }
  }
}

/** False when there is no room for all of it. */
async function writes(file: FileHandle, bytes: Buffer): Promise<boolean> {
  try {
    return (await file.write(bytes)).bytesWritten === bytes.length;
  } catch {
    return false;
  }
}
