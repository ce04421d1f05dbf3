import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from '../runs/command.ts';
import type { RunDirectory } from '../runs/run-directory.ts';

/*
 * The command of a staged run, kept in its directory: a daemon that takes the run over can tell with
 * it whether a job was started before the first daemon could write that down.
 */

function pathOf(directory: RunDirectory): string {
  return join(directory.root, 'command.json');
}

export async function writeStagedCommand(directory: RunDirectory, command: Command): Promise<void> {
  const draft = `${pathOf(directory)}.new`;
  await writeFile(draft, JSON.stringify(command), { flag: 'wx', mode: 0o600 });
  await rename(draft, pathOf(directory));
}

/** Undefined when the run was not, or not wholly, staged on this machine. */
export async function readStagedCommand(directory: RunDirectory): Promise<Command | undefined> {
  try {
    return JSON.parse(await readFile(pathOf(directory), 'utf8')) as Command; // written above
  } catch {
    return undefined;
  }
}
