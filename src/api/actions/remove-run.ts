import { runPrefix } from '../../runs/storage-keys.ts';
import { RunId } from '../../wes/runs.ts';
import type { ApiInstance } from '../api-instance.ts';
import { callerOf, type ApiDeps } from '../context.ts';
import { responses } from '../responses.ts';
import { runIdIn, RunParams } from '../run-params.ts';

export function registerRemoveRun(app: ApiInstance, deps: ApiDeps): void {
  const schema = {
    operationId: 'RemoveRun',
    summary: 'RemoveRun',
    description:
      'Removes a run that ended, for ever: its record, history and tasks, its attachments, logs and outputs. An addition to WES 1.1.',
    tags: ['Workflow Runs'],
    params: RunParams,
    response: responses(RunId, 'The run that was removed.', [401, 403, 404, 409]),
  };
  app.delete(
    `${deps.settings.apiPrefix}/runs/:run_id`,
    { schema },
    async function removeRun(request) {
      const runId = runIdIn(request.params);
      await deps.runs.remove(runId, callerOf(request));
      await removeFromStorage(runId, deps);
      return { run_id: runId };
    },
  );
}

/**
 * The removal is announced in the database, so a daemon does it where this fails; it also looks again
 * for what a daemon may have written meanwhile that was halted long before the run ended.
 */
async function removeFromStorage(runId: string, { storage, logger }: ApiDeps): Promise<void> {
  try {
    await storage.deletePrefix(runPrefix(runId));
  } catch (error) {
    logger.warn({ err: error, run_id: runId }, 'files of a removed run left to the daemons');
  }
}
