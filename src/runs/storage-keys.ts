/** Where the parts of a run lie in storage. Keys are POSIX paths without a leading slash. */
export type LogStream = 'stdout' | 'stderr';

export function runPrefix(runId: string): string {
  return `runs/${runId}/`;
}

export function attachmentKey(runId: string, name: string): string {
  return `${runPrefix(runId)}attachments/${name}`;
}

export function runLogKey(runId: string, stream: LogStream): string {
  return `${runPrefix(runId)}logs/${stream}`;
}

export function taskLogKey(runId: string, taskId: string, stream: LogStream): string {
  return `${runPrefix(runId)}logs/tasks/${taskId}/${stream}`;
}

export function outputKey(runId: string, path: string): string {
  return `${runPrefix(runId)}outputs/${path}`;
}
