import type { TaskStarted } from '../engines/engine.ts';
import type { Task } from '../runs/run.ts';
import { runLogKey, taskLogKey, type LogStream } from '../runs/storage-keys.ts';
import { allOf } from './all-of.ts';
import { Interruption } from './interruption.ts';
import { limitOf } from './log-limit.ts';
import { LogTail } from './log-tail.ts';
import { retryStorage } from './retry-storage.ts';
import type { RunContext } from './run-context.ts';

const COPIES_AT_ONCE = 8;
const STREAMS: readonly LogStream[] = ['stdout', 'stderr'];

/** The logs of a run and of its open tasks on their way to storage. */
export class RunLogs {
  readonly #context: RunContext;
  readonly #ofRun: readonly LogTail[];
  readonly #ofTasks = new Map<string, readonly LogTail[]>();

  constructor(context: RunContext) {
    this.#context = context;
    const { run, directory } = context;
    this.#ofRun = STREAMS.map((stream) => this.#tail(directory[stream], runLogKey(run, stream)));
  }

  openTask({ taskId, stdoutPath, stderrPath }: TaskStarted): void {
    const { run } = this.#context;
    const paths = { stdout: stdoutPath, stderr: stderrPath };
    const tails = STREAMS.flatMap((stream) => {
      const path = paths[stream];
      return path === undefined ? [] : [this.#tail(path, taskLogKey(run, taskId, stream))];
    });
    this.#ofTasks.set(taskId, tails);
  }

  /** Copies what is new; a storage that fails is tried again the next time. */
  async copyGrown(): Promise<void> {
    for (const tail of [...this.#ofRun, ...this.#ofTasks.values()].flat()) {
      try {
        await tail.copy(false);
      } catch (error) {
        if (error instanceof Interruption) throw error;
        this.#context.logger.warn({ err: error }, 'log copy failed');
      }
    }
  }

  /**
   * Copies the rest of the logs of ended tasks, several at once: engines report many short tasks in one
   * go.
   * @throws RunFailure when storage does not take it
   */
  async closeTasks(taskIds: readonly string[]): Promise<void> {
    const tails = taskIds.flatMap((taskId) => this.#ofTasks.get(taskId) ?? []);
    for (let first = 0; first < tails.length; first += COPIES_AT_ONCE) {
      const some = tails.slice(first, first + COPIES_AT_ONCE);
      await allOf(some.map((tail) => this.#copyRest(tail)));
    }
    for (const taskId of taskIds) this.#ofTasks.delete(taskId);
  }

  /** Leaves tasks alone whose logs are in storage to their end. */
  passOver(tasks: readonly Pick<Task, 'taskId'>[]): void {
    for (const { taskId } of tasks) this.#ofTasks.delete(taskId);
  }

  /** Copies the rest of all logs. */
  async close(): Promise<void> {
    await this.closeTasks([...this.#ofTasks.keys()]);
    for (const tail of this.#ofRun) await this.#copyRest(tail);
  }

  async #copyRest(tail: LogTail): Promise<void> {
    await retryStorage(this.#context, 'The logs could not be stored', () => tail.copy(true));
  }

  #tail(path: string, key: string): LogTail {
    const { active, parts, run, directory } = this.#context;
    // A run has a job from the moment at which somebody may have followed it before.
    const isNew = run.jobId === undefined;
    const source = { path, root: directory.root, key, isNew, ...limitOf(parts.settings) };
    return new LogTail(source, parts.storage, () => active.assertLease());
  }
}
