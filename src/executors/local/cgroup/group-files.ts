import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Group } from './controller.ts';

/** Writes a control file; it is never created, so that a missing one is an error. */
export async function writeControl(group: Group, file: string, value: string): Promise<void> {
  await writeFile(join(group.path, file), value, { flag: 'r+' });
}

/** Undefined when the file, or the whole group, is not there. */
export async function readControl(group: Group, file: string): Promise<string | undefined> {
  return await readFile(join(group.path, file), 'utf8').catch(() => undefined);
}

/** A number of a file that has a name and a number on each line; 0 when it is not there. */
export function counterOf(text: string | undefined, name: string): number {
  const line = text?.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? 0);
}

/** Pids of the processes in the groups, as our pid namespace sees them. */
export async function membersOf(groups: readonly Group[]): Promise<ReadonlySet<number>> {
  const texts = await Promise.all(groups.map((one) => readControl(one, 'cgroup.procs')));
  const pids = texts.flatMap((text) => (text ?? '').split('\n').map(Number));
  return new Set(pids.filter((pid) => pid > 1));
}
