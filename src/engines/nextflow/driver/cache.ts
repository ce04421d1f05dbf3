import { hostname } from 'node:os';
import {
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const RENEW_MS = 20_000;
/** A holder on another machine that did not renew for so long is gone. */
const STALE_MS = 120_000;

/** A cache that this run alone uses until it is released. */
export interface Cache {
  readonly work: string;
  /** Where Nextflow keeps its database and the history of its sessions. */
  readonly database: string;
  release(): void;
}

/** Undefined while another run has it. */
export function takeCache(directory: string): Cache | undefined {
  mkdirSync(directory, { recursive: true });
  const lock = join(directory, 'lock');
  if (!take(lock)) {
    if (isHeld(lock)) return undefined;
    rmSync(lock, { force: true });
    if (!take(lock)) return undefined;
  }
  const renewal = setInterval(() => touch(lock), RENEW_MS);
  renewal.unref();
  return {
    work: join(directory, 'work'),
    database: join(directory, 'nextflow'),
    release: () => {
      clearInterval(renewal);
      rmSync(lock, { force: true });
    },
  };
}

/** By linking a file that is complete, so that whoever sees the lock can read who holds it. */
function take(lock: string): boolean {
  const own = `${lock}.${hostname()}.${process.pid}`;
  writeFileSync(own, JSON.stringify(identity(process.pid)));
  try {
    linkSync(own, lock);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

interface Identity {
  readonly host: string;
  readonly pid: number;
  readonly startTime: string | undefined;
}

function identity(pid: number): Identity {
  return { host: hostname(), pid, startTime: startTimeOf(pid) };
}

function isHeld(lock: string): boolean {
  try {
    const holder = JSON.parse(readFileSync(lock, 'utf8')) as Identity; // written above
    if (holder.host === hostname()) {
      return holder.startTime !== undefined && startTimeOf(holder.pid) === holder.startTime;
    }
    return Date.now() - statSync(lock).mtimeMs < STALE_MS;
  } catch {
    return false; // it was released in between
  }
}

/** proc(5): the 22nd field. */
function startTimeOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(') ') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    return; // the directory was removed: there is nothing left to keep others from
  }
}
