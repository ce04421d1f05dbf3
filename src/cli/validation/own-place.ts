import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isRunning, readProcess } from '../../executors/process-stat.ts';

const OTHERS_ARE_LEFT_AFTER_MS = 24 * 60 * 60 * 1000;

/** The directory of this process below `root`: its name says whose it is. Nothing is made. */
export async function ownPlace(root: string): Promise<string> {
  const own = await readProcess(process.pid);
  if (own === undefined) throw new Error('there is no /proc');
  return join(root, `${hostname()}-${process.pid}-${own.start}`);
}

/** Removes what processes left below `root` that were killed: those of this machine, and old ones of others. */
export async function removeLeftPlaces(root: string): Promise<void> {
  for (const name of await readdir(root).catch(() => [])) {
    if (await isLeft(root, name)) await rm(join(root, name), { recursive: true, force: true });
  }
}

async function isLeft(root: string, name: string): Promise<boolean> {
  const [, host, pid, start] = /^(.+)-(\d+)-(\d+)$/.exec(name) ?? [];
  if (pid === undefined || start === undefined) return false;
  if (host === hostname()) return !(await isRunning(Number(pid), start));
  const found = await stat(join(root, name)).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > OTHERS_ARE_LEFT_AFTER_MS;
}
