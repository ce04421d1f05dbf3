import { eachPage, type WesClient } from '../../wes/client.ts';
import type { TaskLog } from '../../wes/run-log.ts';

interface ReadPage {
  readonly token: string | undefined;
  readonly nextToken: string | undefined;
  readonly tasks: readonly TaskLog[];
}

const PAGE_SIZE = 1000;

/** The tasks of a run, read again and again: pages on which all have ended are asked for once. */
export class TaskPages {
  readonly #client: WesClient;
  readonly #runId: string;
  #pages: readonly ReadPage[] = [];

  constructor(client: WesClient, runId: string) {
    this.#client = client;
    this.#runId = runId;
  }

  /** The next reading asks for all of them. */
  forget(): void {
    this.#pages = [];
  }

  async read(): Promise<readonly TaskLog[]> {
    const pages: ReadPage[] = [];
    const load = async (token: string | undefined) => {
      const known = this.#pages[pages.length];
      const page = known?.token === token && isSettled(known) ? known : await this.#ask(token);
      pages.push(page);
      return { items: page.tasks, nextPageToken: page.nextToken };
    };
    const tasks: TaskLog[] = [];
    for await (const items of eachPage(load)) tasks.push(...items);
    this.#pages = pages;
    return tasks;
  }

  async #ask(pageToken: string | undefined): Promise<ReadPage> {
    const { items, nextPageToken } = await this.#client.listTasks(this.#runId, {
      pageSize: PAGE_SIZE,
      pageToken,
    });
    return { token: pageToken, nextToken: nextPageToken, tasks: items };
  }
}

/** Full, and nothing on it goes on: new tasks come on later pages. */
function isSettled(page: ReadPage | undefined): page is ReadPage {
  return page?.nextToken !== undefined && page.tasks.every(({ end_time: end }) => end);
}
