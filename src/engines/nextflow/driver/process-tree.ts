import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const EXIT_AFTER_SIGTERM = 143;
const LOOK_MS = 25;
/** The daemon looks after what takes longer. */
const REST_MS = 1000;

interface ProcessEntry {
  readonly parent: number;
  readonly group: number;
  /** With the id it is unique for as long as the machine is up. */
  readonly startTime: string;
}

export interface EndOptions {
  readonly graceMs: number;
  /** For what is no descendant of this process: called when all of those are gone. */
  readonly endOthers: () => Promise<void>;
  /** Absolute; what works below it or has it in its environment belongs to the run. */
  readonly root: string;
}

/**
 * On SIGTERM everything that this process started gets the signal, a moment to end by itself, and is
 * killed; then this process ends. What happens in between, as Nextflow's own clean end, is welcome but
 * not waited for longer than that. Gives whether the signal has come: nobody else may end this process then.
 */
export function endAllOnSigterm({ graceMs, endOthers, root }: EndOptions): () => boolean {
  let isEnding = false;
  const endAll = async (): Promise<void> => {
    const known = new Map<number, string>();
    const deadline = performance.now() + graceMs;
    const signalled = new Set<number>();
    for (let own = findOwn(known); own.length > 0; own = findOwn(known)) {
      const isLate = performance.now() >= deadline;
      for (const pid of own) {
        if (isLate) send(pid, 'SIGKILL');
        else if (!signalled.has(pid)) send(pid, 'SIGTERM');
        signalled.add(pid);
      }
      await delay(LOOK_MS);
    }
    await endOthers();
    await killRest(root);
    process.exit(EXIT_AFTER_SIGTERM);
  };
  process.on('SIGTERM', () => {
    if (isEnding) return;
    isEnding = true;
    void endAll();
  });
  return () => isEnding;
}

/** What left the tree in time, or stands beside a container that is gone. */
async function killRest(root: string): Promise<void> {
  const deadline = performance.now() + REST_MS;
  while (performance.now() < deadline) {
    const table = readTable();
    const ancestors = ancestorsOf(process.pid, table);
    const rest = [...table.keys()].filter(
      (pid) => pid !== process.pid && !ancestors.has(pid) && belongsTo(root, pid),
    );
    if (rest.length === 0) return;
    for (const pid of rest) send(pid, 'SIGKILL');
    await delay(LOOK_MS);
  }
}

function belongsTo(root: string, pid: number): boolean {
  try {
    if (readlinkSync(`/proc/${pid}/cwd`).startsWith(`${root}/`)) return true;
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(root);
  } catch {
    return false; // it has ended, or is somebody else's
  }
}

/** Running descendants, and those of our group that are not our ancestors, also when they lost their parents. */
function findOwn(known: Map<number, string>): readonly number[] {
  const table = readTable();
  const own = table.get(process.pid);
  const ancestors = ancestorsOf(process.pid, table);
  const isOurs = (pid: number, { parent, group, startTime }: ProcessEntry): boolean =>
    pid !== process.pid &&
    (known.get(pid) === startTime ||
      parent === process.pid ||
      known.has(parent) ||
      (group === own?.group && !ancestors.has(pid)));
  for (let size = -1; size !== known.size;) {
    size = known.size;
    for (const [pid, entry] of table) if (isOurs(pid, entry)) known.set(pid, entry.startTime);
  }
  return [...known]
    .filter(([pid, start]) => table.get(pid)?.startTime === start)
    .map(([pid]) => pid);
}

function ancestorsOf(pid: number, table: ReadonlyMap<number, ProcessEntry>): ReadonlySet<number> {
  const ancestors = new Set<number>();
  for (let next = table.get(pid)?.parent; next !== undefined && !ancestors.has(next);) {
    ancestors.add(next);
    next = table.get(next)?.parent;
  }
  return ancestors;
}

/** Without zombies: they have ended. */
function readTable(): ReadonlyMap<number, ProcessEntry> {
  const table = new Map<number, ProcessEntry>();
  for (const name of readdirSync('/proc')) {
    const entry = /^\d+$/.test(name) ? readEntry(name) : undefined;
    if (entry !== undefined) table.set(Number(name), entry);
  }
  return table;
}

/** proc(5): the name of the program in brackets, then state, parent, group, … and as 22nd the start time. */
function readEntry(pid: string): ProcessEntry | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // it has ended
  }
  const fields = text.slice(text.lastIndexOf(') ') + 2).split(' ');
  const [state, parent, group] = fields;
  if (state === 'Z' || state === 'X') return undefined;
  return { parent: Number(parent), group: Number(group), startTime: fields[19] ?? '' };
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    return; // it has ended
  }
}
