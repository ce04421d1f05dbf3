import type { EngineOffer } from '../runs/engine-catalog.ts';
import type { JsonObject } from '../runs/json.ts';
import type { RunRequest, Task } from '../runs/run.ts';
import type { StoredState } from '../runs/state.ts';
import type { JsonText } from './json-text.ts';

/*
 * The tables as Kysely sees them. Times are milliseconds since the epoch. Free text is kept as JSON
 * text: JSON writes NUL and lone surrogates as escapes, which no database refuses
 * or changes; PostgreSQL can't hold a NUL in text, MySQL can't hold a lone surrogate.
 */
export interface Tables {
  workflow_runs: RunsTable;
  run_tags: RunTagsTable;
  run_events: RunEventsTable;
  workflow_attachments: AttachmentsTable;
  task_logs: TasksTable;
  run_outputs: OutputsTable;
  users: UsersTable;
  daemons: DaemonsTable;
  run_removals: RemovalsTable;
  claim_locks: ClaimLocksTable;
}

export interface RunsTable {
  run_id: string;
  owner: string;
  state: StoredState;
  /** The state before this one: what the history line of a move is written from. */
  previous_state: StoredState | null;
  /** Numbers what happens to the run: the lines of its history, and the changes of its tasks. */
  revision: number;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
  attempt: number;
  engine: string;
  /**
   * While the run is QUEUED, what a daemon must offer to execute it (see `queueName`), else null: the
   * queue is an index of its own.
   */
  queue: string | null;
  priority: number;
  workflow_type: string;
  /** The engine version that the client insists on. */
  requested_engine_version: string | null;
  executor: string | null;
  lease_owner: string | null;
  pause_requested: number;
  rerun_of: string | null;
  logs_removed_at: number | null;
  exit_code: number | null;
  /** SHA-256 of the owner's `Idempotency-Key`; unique for an owner. */
  idempotency_hash: string | null;
  request_digest: string | null;
  engine_version: string | null;
  job_id: string | null;
  /** The tags again, for lists, which must not read the request. */
  tags: JsonText<Readonly<Record<string, string>>>;
  command: JsonText<readonly string[]> | null;
  request: JsonText<RunRequest>;
  outputs: JsonText<JsonObject> | null;
}

export interface RunTagsTable {
  /** SHA-256 of key and value, see `tagDigest`. */
  tag_hash: string;
  run_id: string;
}

export interface RunEventsTable {
  run_id: string;
  revision: number;
  at: number;
  from_state: StoredState | null;
  to_state: StoredState;
  /** When it was written, by the clock of the database; null before version 0006 of the schema. */
  recorded_at: number | null;
  actor: JsonText<string>;
  reason: JsonText<string>;
}

interface AttachmentsTable {
  run_id: string;
  position: number;
  size_bytes: number;
  sha256: string;
  name: JsonText<string>;
}

export interface TasksTable {
  run_id: string;
  task_id: string;
  position: number;
  started_at: number | null;
  ended_at: number | null;
  exit_code: number | null;
  /** The run's revision at the latest change of the task; 0 before version 0006 of the schema. */
  revision: number;
  /** As that of a line of history. */
  recorded_at: number | null;
  details: JsonText<Pick<Task, 'name' | 'command' | 'systemLogs'>>;
}

export interface OutputsTable {
  run_id: string;
  /** SHA-256 of the path: MySQL can't index the whole of a long one. */
  path_hash: string;
  path: string;
  size_bytes: number;
  sha256: string;
  media_type: string;
}

export interface UsersTable {
  name: string;
  is_admin: number;
  is_disabled: number;
  created_at: number;
  password_hash: string;
}

export interface DaemonsTable {
  daemon_id: string;
  process_id: number;
  started_at: number;
  beat: number;
  beat_at: number;
  host: string;
  process_start: string;
  engines: JsonText<readonly EngineOffer[]>;
}

/** See `Removals`. */
export interface RemovalsTable {
  run_id: string;
  due_at: number;
  begun_at: number | null;
  finished_at: number | null;
}

/** Rows that are locked while runs are counted against a limit: `name` is a digest of what is limited. */
export interface ClaimLocksTable {
  name: string;
}
