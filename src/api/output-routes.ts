import Type from 'typebox';
import { checkText } from '../runs/json-text.ts';
import { OutputListResponse } from '../wes/output-list.ts';
import { addressesFor } from './addresses.ts';
import type { ApiInstance } from './api-instance.ts';
import { findVisibleRunState, type ApiDeps } from './context.ts';
import { outputAddresses } from './output-addresses.ts';
import { listOutputPage } from './output-list.ts';
import { pageLimit, pageQuery } from './paging.ts';
import { responses } from './responses.ts';
import { RunParams } from './run-params.ts';

/** The list of output files: an addition to WES 1.1. The files themselves are served by bytes/. */
export function registerOutputRoutes(app: ApiInstance, deps: ApiDeps): void {
  const { store, settings } = deps;
  const schema = {
    operationId: 'ListOutputs',
    summary: 'ListOutputs',
    description: 'The files that a run produced, by path. An addition to WES 1.1.',
    tags: ['Workflow Runs'],
    params: RunParams,
    querystring: Type.Object({
      ...pageQuery('files'),
      prefix: Type.Optional(
        Type.String({ description: 'Only files whose path begins with this text.' }),
      ),
    }),
    response: responses(OutputListResponse, 'A page of output files.', [400, 401, 403, 404]),
  };
  app.get(
    `${settings.apiPrefix}/runs/:run_id/outputs`,
    { schema },
    async function listOutputs(request) {
      const run = await findVisibleRunState(deps, request, request.params.run_id);
      const { page_size: size, page_token: pageToken, prefix } = request.query;
      if (prefix !== undefined) checkText(prefix, 'prefix');
      return listOutputPage(
        store,
        {
          runId: run.runId,
          limit: pageLimit(size, settings),
          ...(prefix && { prefix }),
          ...(pageToken && { pageToken }),
        },
        outputAddresses(run, deps, addressesFor(request, settings)),
      );
    },
  );
}
