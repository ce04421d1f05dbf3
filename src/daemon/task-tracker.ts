import type { TaskEnded, TaskEvent, TaskStarted } from '../engines/engine.ts';
import type { Task } from '../runs/run.ts';

/**
 * The tasks of a run as its events tell of them. Of an ended task only its position stays in memory:
 * a run may have very many.
 */
export class TaskTracker {
  readonly #positions = new Map<string, number>();
  readonly #open = new Map<string, Task>();
  #changed = new Map<string, Task>();

  apply(event: TaskEvent): void {
    if (event.type === 'started') this.#start(event);
    else this.#end(event);
  }

  /** Tasks that began or ended since this was asked last. */
  takeChanged(): readonly Task[] {
    const changed = [...this.#changed.values()];
    this.#changed = new Map();
    return changed;
  }

  /** Ends the tasks whose end nobody will tell any more, and gives their ids. */
  endOpen(at: number, note: string): readonly string[] {
    const taskIds = [...this.#open.keys()];
    for (const taskId of taskIds) this.#end({ type: 'ended', taskId, at, notes: [note] });
    return taskIds;
  }

  #start({ taskId, at, name, command, notes }: TaskStarted): void {
    if (this.#positions.has(taskId)) return;
    const position = this.#positions.size + 1;
    this.#positions.set(taskId, position);
    this.#open.set(taskId, { taskId, position, name, command, startedAt: at, systemLogs: notes });
    this.#markChanged(taskId);
  }

  #end({ taskId, at, exitCode, notes }: TaskEnded): void {
    const task = this.#open.get(taskId);
    if (!task) return;
    this.#open.set(taskId, {
      ...task,
      endedAt: at,
      ...(exitCode === undefined ? {} : { exitCode }),
      systemLogs: [...task.systemLogs, ...notes],
    });
    this.#markChanged(taskId);
    this.#open.delete(taskId);
  }

  #markChanged(taskId: string): void {
    const task = this.#open.get(taskId);
    if (task) this.#changed.set(taskId, task);
  }
}
