import { readdir, readFile } from 'node:fs/promises';

export interface SeenProcess {
  readonly pid: number;
  readonly group: number;
  readonly state: string;
  readonly commandLine: string;
  readonly environment: readonly string[];
}

/** Processes whose environment or command line satisfies the condition; those that are dead but not reaped do not count. */
export async function findProcesses(
  condition: (seen: SeenProcess) => boolean,
): Promise<readonly SeenProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const seen = await Promise.all(pids.map(readProcess));
  return seen.filter((one) => one !== undefined).filter(condition);
}

async function readProcess(pid: string): Promise<SeenProcess | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const [state = '', , group = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    const commandLine = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').join(' ');
    const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
    return { pid: Number(pid), group: Number(group), state, commandLine, environment };
  } catch {
    return undefined; // it ended, or belongs to somebody else
  }
}

/** False when there was nobody to be signalled. A negative number is a group. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
