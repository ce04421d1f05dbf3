import { mkdir, statfs } from 'node:fs/promises';
import type { DaemonParts } from './daemon-deps.ts';

/** Keeps a daemon from beginning runs on a disk that is nearly full: they would fail for no fault of theirs. */
export class DiskGuard {
  readonly #parts: DaemonParts;
  #isShort = false;

  constructor(parts: DaemonParts) {
    this.#parts = parts;
  }

  /** True when another run may begin. What changes is logged once. */
  async hasRoom(): Promise<boolean> {
    const { settings, logger } = this.#parts;
    const { minFreeDiskBytes = 0, workRoot } = settings;
    if (minFreeDiskBytes === 0) return true;
    // Made by the first run where it is not there yet.
    await mkdir(workRoot, { recursive: true, mode: 0o700 });
    const { bavail, bsize } = await statfs(workRoot);
    const facts = {
      directory: workRoot,
      free_bytes: bavail * bsize,
      min_free_bytes: minFreeDiskBytes,
    };
    const isShort = facts.free_bytes < minFreeDiskBytes;
    if (isShort && !this.#isShort) logger.error(facts, 'disk nearly full, no run claimed');
    if (!isShort && this.#isShort) logger.info(facts, 'disk has room again');
    this.#isShort = isShort;
    return !isShort;
  }
}
