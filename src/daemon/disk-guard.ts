import { mkdir, statfs } from 'node:fs/promises';
import type { DaemonParts, DaemonSettings } from './daemon-deps.ts';

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
    const facts = {
      directory: settings.workRoot,
      free_bytes: await freeBytes(settings),
      min_free_bytes: settings.minFreeDiskBytes,
    };
    const isShort = isTooLittle(facts.free_bytes, settings);
    if (isShort && !this.#isShort) logger.error(facts, 'disk nearly full, no run claimed');
    if (!isShort && this.#isShort) logger.info(facts, 'disk has room again');
    this.#isShort = isShort;
    return !isShort;
  }
}

/** True while the disk of the work directories is so full that no run is begun on it. */
export async function isDiskShort({ settings }: Pick<DaemonParts, 'settings'>): Promise<boolean> {
  return isTooLittle(await freeBytes(settings), settings);
}

async function freeBytes({ workRoot, minFreeDiskBytes = 0 }: DaemonSettings): Promise<number> {
  if (minFreeDiskBytes === 0) return Number.POSITIVE_INFINITY;
  // Made by the first run where it is not there yet.
  await mkdir(workRoot, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(workRoot);
  return bavail * bsize;
}

function isTooLittle(bytes: number, { minFreeDiskBytes = 0 }: DaemonSettings): boolean {
  return bytes < minFreeDiskBytes;
}
