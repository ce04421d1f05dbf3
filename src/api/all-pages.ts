import type { OutputFile, Task } from '../runs/run.ts';
import type { RunStore } from '../runs/run-store.ts';

const PAGE_SIZE = 1000;

/** All tasks of a run in their order; a page of them is in memory at a time. */
export async function* allTasks(
  store: Pick<RunStore, 'listTasks'>,
  runId: string,
): AsyncGenerator<Task, void, undefined> {
  for (let after: number | undefined = 0; after !== undefined;) {
    const page = await store.listTasks(runId, { after, limit: PAGE_SIZE });
    yield* page;
    after = page.length < PAGE_SIZE ? undefined : page.at(-1)?.position;
  }
}

/** All output files of a run by path, in the same way; with `prefix` those whose path begins with it. */
export async function* allOutputs(
  store: Pick<RunStore, 'listOutputs'>,
  runId: string,
  prefix = '',
): AsyncGenerator<OutputFile, void, undefined> {
  for (let after: string | undefined = ''; after !== undefined;) {
    const page = await store.listOutputs(runId, { prefix, after, limit: PAGE_SIZE });
    yield* page;
    after = page.length < PAGE_SIZE ? undefined : page.at(-1)?.path;
  }
}
