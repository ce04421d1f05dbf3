import type { Command } from '../../runs/command.ts';

const LONGEST_JOB_ID = 1000;

/** All that is needed to find a job again and to stop it; the durable job id is this, as JSON. */
export interface LocalJob {
  /** Identity of the host on which it was started. */
  readonly host: string;
  /** The wrapper: leader of the job's session and process group. */
  readonly pid: number;
  /** Start time of the wrapper in clock ticks since boot. */
  readonly start: string;
  readonly directory: string;
  readonly runRoot: string;
  readonly runId: string;
  readonly attempt: number;
  readonly stopSignal: Command['stopSignal'];
}

export function encodeJobId(job: LocalJob): string {
  return JSON.stringify(job);
}

/** @throws Error when the text is not a job id of the local executor. */
export function decodeJobId(jobId: string): LocalJob {
  let value: unknown;
  try {
    value = JSON.parse(jobId);
  } catch {
    value = undefined;
  }
  if (!isLocalJob(value)) throw new Error('The job id was not given by the local executor.');
  return value;
}

/** Checked before anything is started, because a job whose id can't be stored would be lost. */
export function checkJobIdLength(job: LocalJob): void {
  if (encodeJobId(job).length <= LONGEST_JOB_ID) return;
  throw new Error(`${job.directory}: the path is too long; choose a shorter work directory.`);
}

function isLocalJob(value: unknown): value is LocalJob {
  if (typeof value !== 'object' || value === null) return false;
  const job = value as Partial<Record<keyof LocalJob, unknown>>; // fields are checked one by one
  const texts = [job.host, job.start, job.directory, job.runRoot, job.runId];
  return (
    texts.every((text) => typeof text === 'string' && text !== '') &&
    Number.isSafeInteger(job.pid) &&
    Number(job.pid) > 1 &&
    Number.isSafeInteger(job.attempt) &&
    (job.stopSignal === 'SIGTERM' || job.stopSignal === 'SIGINT')
  );
}
