import type { FastifyRequest } from 'fastify';
import type { Run } from '../../runs/run.ts';
import { attemptLogsPrefix } from '../../runs/storage-keys.ts';
import { addressesFor } from '../addresses.ts';
import { allOutputs, allTasks } from '../all-pages.ts';
import type { ApiDeps } from '../context.ts';
import type { CrateFacts, StoredLog } from './facts.ts';

/** What the database and the storage know of a run that has ended. */
export async function collectFacts(
  { store, storage, settings }: Pick<ApiDeps, 'store' | 'storage' | 'settings'>,
  request: FastifyRequest,
  run: Run,
  withLogs: boolean,
): Promise<CrateFacts> {
  const { runId } = run;
  const addresses = addressesFor(request, settings);
  const [attachments, history] = await Promise.all([
    store.listAttachments(runId),
    store.listEvents(runId),
  ]);
  return {
    run,
    attachments,
    history,
    service: settings.service,
    runAddress: addresses.run(runId),
    outputAddress: (path) => addresses.output(runId, path),
    tasks: () => allTasks(store, runId),
    outputs: () => allOutputs(store, runId),
    logs: () => storedLogs(storage, run, withLogs),
    assertThere: async () => {
      if ((await store.getRunState(runId)) !== undefined) return;
      throw new Error(`run ${runId} was removed while it was told as a crate`);
    },
  };
}

async function* storedLogs(
  storage: ApiDeps['storage'],
  run: Run,
  areWanted: boolean,
): AsyncGenerator<StoredLog> {
  if (!areWanted) return;
  const prefix = attemptLogsPrefix(run);
  for await (const { key, sizeBytes, modifiedAt } of storage.list(prefix)) {
    yield { key, path: key.slice(prefix.length), sizeBytes, modifiedAt };
  }
}
