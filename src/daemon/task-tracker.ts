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

  /** False for an event that says nothing new. */
  apply(event: TaskEvent): boolean {
    return event.type === 'started' ? this.#start(event) : this.#end(event);
  }

  /** Tasks that began or ended since this was asked last. */
  takeChanged(): readonly Task[] {
    const changed = [...this.#changed.values()];
    this.#changed = new Map();
    return changed;
  }

  /** Ends the tasks whose end nobody will tell any more. */
  endOpen(at: number, note: string): void {
    const taskIds = [...this.#open.keys()];
    for (const taskId of taskIds) this.#end({ type: 'ended', taskId, at, notes: [note] });
  }

  #start({ taskId, at, name, command, notes }: TaskStarted): boolean {
    if (this.#positions.has(taskId)) return false;
    const position = this.#positions.size + 1;
    this.#positions.set(taskId, position);
    const task = { taskId, position, name, command, startedAt: at, systemLogs: notes };
    this.#open.set(taskId, task);
    this.#changed.set(taskId, task);
    return true;
  }

  #end({ taskId, at, exitCode, notes }: TaskEnded): boolean {
    const task = this.#open.get(taskId);
    if (!task) return false;
    this.#open.delete(taskId);
    this.#changed.set(taskId, {
      ...task,
      endedAt: at,
      ...(exitCode === undefined ? {} : { exitCode }),
      systemLogs: [...task.systemLogs, ...notes],
    });
    return true;
  }
}
