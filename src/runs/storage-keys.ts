/** Where the parts of a run lie in storage. Keys are POSIX paths without a leading slash. */
export type LogStream = 'stdout' | 'stderr';

export function runPrefix(runId: string): string {
  return `runs/${runId}/`;
}

export function attachmentKey(runId: string, name: string): string {
  return `${runPrefix(runId)}attachments/${name}`;
}

/** Of the run's own logs and those of its tasks. */
export function logsPrefix(runId: string): string {
  return `${runPrefix(runId)}logs/`;
}

/**
 * One attempt at a run. Each has places of its own for what it writes: whoever still clears away after
 * an attempt that was given up, however late, touches nothing of the next one.
 */
export interface AttemptOfRun {
  readonly runId: string;
  readonly attempt: number;
}

export function attemptLogsPrefix({ runId, attempt }: AttemptOfRun): string {
  return `${logsPrefix(runId)}${attempt}/`;
}

export function runLogKey(run: AttemptOfRun, stream: LogStream): string {
  return `${attemptLogsPrefix(run)}${stream}`;
}

export function taskLogKey(run: AttemptOfRun, taskId: string, stream: LogStream): string {
  return `${attemptLogsPrefix(run)}tasks/${taskId}/${stream}`;
}

export function outputsPrefix({ runId, attempt }: AttemptOfRun): string {
  return `${runPrefix(runId)}outputs/${attempt}/`;
}

export function outputKey(run: AttemptOfRun, path: string): string {
  return `${outputsPrefix(run)}${path}`;
}
