import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';
const OF_A_RUN = /^wes-run-(.+)-\d+$/;

/** Control groups of runs, wherever on this machine they are. */
export async function findGroups(isOurs: (runId: string) => boolean): Promise<readonly string[]> {
  const found: string[] = [];
  const directories = [ROOT];
  for (let path = directories.pop(); path !== undefined; path = directories.pop()) {
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.filter((one) => one.isDirectory())) {
      const runId = OF_A_RUN.exec(entry.name)?.[1];
      if (runId === undefined) directories.push(join(path, entry.name));
      else if (isOurs(runId)) found.push(join(path, entry.name));
    }
  }
  return found;
}
