import type { Task } from '../runs/run.ts';
import { persist } from './persist.ts';
import type { RunContext } from './run-context.ts';

const PAGE = 500;

/** Ends, in the database, the tasks of a run whose events are out of reach. */
export async function endStoredTasks(context: RunContext, note: string): Promise<void> {
  const { active, parts, run } = context;
  for (let after = 0; ;) {
    const page = { after, limit: PAGE };
    const tasks = await persist(context, () => parts.store.listTasks(run.runId, page));
    const ended = tasks.filter((task) => task.endedAt === undefined).map((task) => end(task, note));
    if (ended.length > 0) {
      await persist(context, () => parts.store.saveTasks(active.lease, ended));
    }
    const last = tasks.at(-1);
    if (!last || tasks.length < PAGE) return;
    after = last.position;
  }

  function end(task: Task, reason: string): Task {
    return { ...task, endedAt: parts.now(), systemLogs: [...task.systemLogs, reason] };
  }
}
