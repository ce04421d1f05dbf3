import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A process of its own, mostly one that serves HTTP on loopback. */
export interface Child {
  stop(): Promise<void>;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  /** Rejects, with the end of the log, when the process ends or the address does not answer in time. */
  waitFor(url: string): Promise<void>;
  processId(): number;
  /** Processor time that it used so far, in µs; undefined where the system does not tell. */
  processorTime(): number | undefined;
}

const START_MS = 30_000;
const STOP_MS = 10_000;

/** Runs a script of this repository with the Node that runs us; what it says goes to `logPath`. */
export function startChild(
  script: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  logPath: string,
): Child {
  const path = fileURLToPath(new URL(`../${script}`, import.meta.url));
  const log = openSync(logPath, 'a');
  const child = spawn(process.execPath, [path, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    ended: exited,
    async stop() {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      if (!hasEnded()) await exited;
      clearTimeout(force);
    },
    processId: () => child.pid ?? 0,
    processorTime: () => (child.pid === undefined ? undefined : processorTime(child.pid)),
    async waitFor(url) {
      const deadline = performance.now() + START_MS;
      while (!hasEnded() && performance.now() < deadline) {
        const answer = await fetch(url).catch(() => undefined);
        await answer?.arrayBuffer();
        if (answer?.ok) return;
        await delay(50);
      }
      const said = await readFile(logPath, 'utf8');
      throw new Error(`${script} ${args.join(' ')} did not start:\n${said.slice(-2000)}`);
    },
  };
}

/** Linux counts in ticks of 10 ms (proc_pid_stat(5): utime and stime, the 14th and 15th field). */
const TICK_MICROSECONDS = 10_000;

function processorTime(processId: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const stat = readFileSync(`/proc/${processId}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}
