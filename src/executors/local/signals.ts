import { isRunning } from '../process-stat.ts';
import type { LocalJob } from './local-job.ts';

/** Sends a signal to the job's process group at once; false when its leader, the wrapper, is gone. */
export async function signalGroup(
  { pid, start }: Pick<LocalJob, 'pid' | 'start'>,
  signal: NodeJS.Signals,
): Promise<boolean> {
  if (!(await isRunning(pid, start))) return false;
  kill(-pid, signal);
  return true;
}

/** The start time is looked at in the last moment: the pid may belong to somebody else by now. */
export async function sendSignal(
  pid: number,
  start: string | undefined,
  signal: NodeJS.Signals,
): Promise<void> {
  if (start !== undefined && (await isRunning(pid, start))) kill(pid, signal);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ESRCH';
    if (!isGone) throw error;
  }
}
