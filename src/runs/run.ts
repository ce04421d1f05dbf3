import type { JsonObject } from './json.ts';
import type { StoredState } from './state.ts';

/** What the client asked for (WES 1.1 `RunRequest`), parsed and checked; absent fields stay absent. */
export interface RunRequest {
  readonly workflowType: string;
  readonly workflowTypeVersion: string;
  readonly workflowUrl: string;
  readonly workflowParams?: JsonObject;
  readonly tags?: Readonly<Record<string, string>>;
  readonly workflowEngine?: string;
  readonly workflowEngineVersion?: string;
  readonly workflowEngineParameters?: Readonly<Record<string, string>>;
}

/** A file sent with the request, already in storage. */
export interface Attachment {
  /** Relative POSIX path below the run's execution directory, already checked by `attachment-name.ts`. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Lower-case hex SHA-256 of the content. */
  readonly sha256: string;
}

/** A run as it is first written: complete, attachments included, in state QUEUED. */
export interface NewRun {
  readonly runId: string;
  readonly owner: string;
  readonly request: RunRequest;
  readonly attachments: readonly Attachment[];
  /** Name of the engine that will execute it: what was asked for, or what the service chose. */
  readonly engine: string;
  /** Milliseconds since the epoch, as all times inside the service. */
  readonly createdAt: number;
  /** Whole number from PRIORITY.lowest to PRIORITY.highest, see `service-parameters.ts`; higher starts first. */
  readonly priority: number;
  /** The run whose request this one repeats. */
  readonly rerunOf?: string;
  readonly idempotency?: IdempotencyKey;
}

/** `Idempotency-Key` of the submission with a digest of everything that was submitted. */
export interface IdempotencyKey {
  readonly key: string;
  readonly requestDigest: string;
}

export interface Run {
  readonly runId: string;
  readonly owner: string;
  readonly state: StoredState;
  readonly request: RunRequest;
  readonly engine: string;
  readonly createdAt: number;
  readonly priority: number;
  readonly rerunOf?: string;
  /** Number of the execution, from 1; 0 before the first claim. */
  readonly attempt: number;
  /** When the engine of the latest attempt was started. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** Version of the engine that executes or executed it. */
  readonly engineVersion?: string;
  readonly executor?: string;
  readonly command?: readonly string[];
  readonly exitCode?: number;
  /** The engine's own output object; strings that begin with OUTPUT_REFERENCE stand for stored files. */
  readonly outputs?: JsonObject;
  /** Id of the daemon that holds the run, while one does. */
  readonly leaseOwner?: string;
  /** Durable id of the job at the executor, once it was started. */
  readonly jobId?: string;
  /** True when the run is to be PAUSED, or to stay so: what the holder of the lease brings about. */
  readonly pauseRequested: boolean;
  /** When retention removed the run's logs from storage. */
  readonly logsRemovedAt?: number;
}

/** One row of a list of runs. */
export interface RunSummary {
  readonly runId: string;
  readonly state: StoredState;
  readonly tags: Readonly<Record<string, string>>;
  readonly startedAt?: number;
  readonly endedAt?: number;
}

/** A task of a run, as the engine reported it. */
export interface Task {
  /** Unique within the run and the same on every read; safe as a path segment. */
  readonly taskId: string;
  /** Order of first appearance, from 1: tasks are listed by it. */
  readonly position: number;
  readonly name: string;
  readonly command: readonly string[];
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly exitCode?: number;
  /** Facts about the task for people: container image, cores, memory, cached, what went wrong. */
  readonly systemLogs: readonly string[];
}

/** How the line among `Task.systemLogs` begins that names the container image in which the task ran. */
export const IMAGE_NOTE = 'image: ';

/** A file that the run produced, in storage under `outputKey(run, path)`. */
export interface OutputFile {
  /** Relative POSIX path below the run's outputs. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Lower-case hex SHA-256 of the content. */
  readonly sha256: string;
  readonly mediaType: string;
}

/** One line of a run's history: a move between states, or (from === to) a remark. */
export interface RunEvent {
  readonly at: number;
  readonly from?: StoredState;
  readonly to: StoredState;
  /** Who or what did it: `user:alice`, `daemon:<id>`. */
  readonly actor: string;
  readonly reason: string;
}

/**
 * Marks a string inside `Run.outputs` that stands for a stored output file: the marker, then the
 * file's path in `OutputFile`. The API puts an address in its place, because only the API knows under
 * which name it is reached.
 */
export const OUTPUT_REFERENCE = 'wes-output:';
