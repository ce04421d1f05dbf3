import { decodePageToken, encodePageToken, type PageScope } from '../runs/page-token.ts';
import { invalidRequest } from '../runs/errors.ts';
import type { Task } from '../runs/run.ts';
import type { RunStore } from '../runs/run-store.ts';
import type { TaskListResponse, TaskLog } from '../wes/run-log.ts';
import type { Addresses } from './addresses.ts';
import { cutPage } from './paging.ts';
import { timestamp } from './timestamps.ts';

/** Where the texts of a task are given even before it wrote any: they can be read as empty. */
export function taskLog(runId: string, task: Task, addresses: Addresses): TaskLog {
  return {
    id: task.taskId,
    name: task.name,
    cmd: [...task.command],
    ...(task.startedAt !== undefined && { start_time: timestamp(task.startedAt) }),
    ...(task.endedAt !== undefined && { end_time: timestamp(task.endedAt) }),
    stdout: addresses.taskLog(runId, task.taskId, 'stdout'),
    stderr: addresses.taskLog(runId, task.taskId, 'stderr'),
    ...(task.exitCode !== undefined && { exit_code: task.exitCode }),
    system_logs: [...task.systemLogs],
  };
}

/** A page of tasks in the order in which they appeared; a task that appears later comes at the end. */
export async function listTaskPage(
  store: RunStore,
  runId: string,
  page: { readonly limit: number; readonly pageToken?: string },
  addresses: Addresses,
): Promise<TaskListResponse> {
  const scope: PageScope = { list: 'tasks', filter: runId };
  const after = page.pageToken === undefined ? 0 : positionIn(scope, page.pageToken);
  const tasks = await store.listTasks(runId, { after, limit: page.limit + 1 });
  const { page: shown, last } = cutPage(tasks, page.limit);
  return {
    task_logs: shown.map((task) => taskLog(runId, task, addresses)),
    next_page_token:
      last === undefined ? '' : encodePageToken(scope, { after: String(last.position) }),
  };
}

const MAX_POSITION = 2 ** 31 - 1;

function positionIn(scope: PageScope, token: string): number {
  const { after } = decodePageToken(scope, token);
  // Positions are 32-bit integers in the database, which refuses to compare them with more.
  if (/^\d{1,10}$/.test(after) && Number(after) <= MAX_POSITION) return Number(after);
  throw invalidRequest('page_token', 'is not one that this service gave out');
}
