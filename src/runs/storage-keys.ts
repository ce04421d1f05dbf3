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

export function runLogKey(runId: string, stream: LogStream): string {
  return `${logsPrefix(runId)}${stream}`;
}

export function taskLogKey(runId: string, taskId: string, stream: LogStream): string {
  return `${logsPrefix(runId)}tasks/${taskId}/${stream}`;
}

export function outputKey(runId: string, path: string): string {
  return `${runPrefix(runId)}outputs/${path}`;
}
