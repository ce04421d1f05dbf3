import { join } from 'node:path';

/** The private directory of one attempt at a run: absolute paths, all below `root`. */
export interface RunDirectory {
  readonly root: string;
  /** Attachments are staged here and the engine works here. */
  readonly execution: string;
  readonly inputs: string;
  /** Files from elsewhere that the request names. */
  readonly fetched: string;
  readonly outputs: string;
  readonly temporary: string;
  readonly home: string;
  /** The executor's own files: process id, exit code. */
  readonly job: string;
  readonly stdout: string;
  readonly stderr: string;
  /** JSON lines written by the engine's driver. */
  readonly events: string;
  /** One directory for each task with its stdout and stderr. */
  readonly tasks: string;
}

export function runDirectory(workRoot: string, runId: string, attempt: number): RunDirectory {
  const root = join(workRoot, runId, String(attempt));
  return {
    root,
    execution: join(root, 'execution'),
    inputs: join(root, 'inputs.json'),
    fetched: join(root, 'fetched'),
    outputs: join(root, 'outputs'),
    temporary: join(root, 'tmp'),
    home: join(root, 'home'),
    job: join(root, 'job'),
    stdout: join(root, 'stdout'),
    stderr: join(root, 'stderr'),
    events: join(root, 'events.jsonl'),
    tasks: join(root, 'tasks'),
  };
}
