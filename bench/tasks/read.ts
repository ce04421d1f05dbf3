import { measureLoad, type LoadFigures } from '../load.ts';
import { startService, type ServicePlaces } from '../service.ts';

export interface ReadTarget {
  readonly runId: string;
  readonly tasks: number;
}

export interface ReadFigures {
  readonly request: string;
  readonly tasks: number;
  readonly load: LoadFigures;
}

/** As many as the small run has, so that only the place of the page differs. */
const PAGE = 10;

/** Asks a real `wes serve` for the tasks of each run: at its beginning, middle and end. */
export async function readTasks(
  places: ServicePlaces,
  targets: readonly ReadTarget[],
  seconds: number,
): Promise<readonly ReadFigures[]> {
  const service = await startService(places, 'serve');
  try {
    const figures: ReadFigures[] = [];
    for (const target of targets) {
      for (const [request, path] of await requestsFor(service.api, target)) {
        const load = await measureLoad({
          server: service.server,
          url: service.api + path,
          seconds,
        });
        figures.push({ request, tasks: target.tasks, load });
      }
    }
    return figures;
  } finally {
    await service.stop();
  }
}

async function requestsFor(
  api: string,
  { runId, tasks }: ReadTarget,
): Promise<readonly (readonly [string, string])[]> {
  const run = `/runs/${runId}`;
  const list = `${run}/tasks?page_size=${PAGE}`;
  const middle = Math.ceil(tasks / 2);
  if (tasks <= PAGE) {
    return [
      ['first page of tasks', list],
      ['one task', `${run}/tasks/${middle}`],
      ['the whole run', run],
    ];
  }
  return [
    ['first page of tasks', list],
    ['middle page of tasks', `${list}&page_token=${await tokenAfter(api, runId, middle)}`],
    ['last page of tasks', `${list}&page_token=${await tokenAfter(api, runId, tasks - PAGE)}`],
    ['one task', `${run}/tasks/${middle}`],
    ['the whole run', run],
  ];
}

/** The token of the page that begins after so many tasks. */
async function tokenAfter(api: string, runId: string, count: number): Promise<string> {
  let token = '';
  for (let left = count; left > 0;) {
    const url = `${api}/runs/${runId}/tasks?page_size=${left}&page_token=${token}`;
    const answer = (await (await fetch(url)).json()) as Page; // of our own API
    token = encodeURIComponent(answer.next_page_token);
    left -= answer.task_logs.length;
  }
  return token;
}

interface Page {
  readonly next_page_token: string;
  readonly task_logs: readonly object[];
}
