import type { Attachment, OutputFile, Run, RunEvent, Task } from '../../runs/run.ts';
import type { ServiceDescription } from '../context.ts';

/** A log of the run or of one of its tasks, as it lies in storage. */
export interface StoredLog {
  readonly key: string;
  /** Below the run's logs: `stderr`, `tasks/<id>/stdout`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedAt: number;
}

/** All that a crate tells of a run that has ended. What may be much is walked through, as often as needed. */
export interface CrateFacts {
  readonly run: Run;
  readonly attachments: readonly Attachment[];
  readonly history: readonly RunEvent[];
  readonly service: ServiceDescription;
  /** Absolute address of the run. */
  readonly runAddress: string;
  /** Absolute address of an output by its path. */
  readonly outputAddress: (path: string) => string;
  tasks(): AsyncIterable<Task>;
  outputs(): AsyncIterable<OutputFile>;
  /** None where they were not asked for. */
  logs(): AsyncIterable<StoredLog>;
  /** @throws Error when the run is not there any more, so that what was told of it is not all. */
  assertThere(): Promise<void>;
}
