import Type from 'typebox';
import { checkText } from '../runs/json-text.ts';
import { OutputListResponse } from '../wes/output-list.ts';
import { reference } from '../wes/reference.ts';
import { addressesFor } from './addresses.ts';
import type { ApiInstance } from './api-instance.ts';
import { findVisibleRun, findVisibleRunState, type ApiDeps } from './context.ts';
import { outputAddresses } from './output-addresses.ts';
import { listOutputPage } from './output-list.ts';
import { pageLimit, pageQuery } from './paging.ts';
import { responses } from './responses.ts';
import { RunParams } from './run-params.ts';
import { sendOutputsArchive } from './zip/outputs-archive.ts';
import { DownloadQuery, variesByAccept, wantsZip } from './zip/send-zip.ts';

const LIST_OR_ARCHIVE = {
  description: 'A page of output files, or the archive.',
  content: {
    'application/json': { schema: reference(OutputListResponse) },
    'application/zip': { schema: Type.String({ format: 'binary' }) },
  },
};

const SCHEMA = {
  operationId: 'ListOutputs',
  summary: 'ListOutputs',
  description:
    'The files that a run produced, by path; or all of them in one archive. An addition to WES 1.1.',
  tags: ['Workflow Runs'],
  params: RunParams,
  querystring: Type.Object({
    ...pageQuery('files'),
    ...DownloadQuery,
    prefix: Type.Optional(
      Type.String({ description: 'Only files whose path begins with this text.' }),
    ),
  }),
  response: {
    ...responses(OutputListResponse, 'A page of output files.', [400, 401, 403, 404, 409]),
    200: LIST_OR_ARCHIVE,
  },
};

/** The list of output files: an addition to WES 1.1. The files themselves are served by bytes/. */
export function registerOutputRoutes(app: ApiInstance, deps: ApiDeps): void {
  const { store, settings } = deps;
  for (const method of ['GET', 'HEAD'] as const) {
    app.route({
      method,
      exposeHeadRoute: false,
      url: `${settings.apiPrefix}/runs/:run_id/outputs`,
      schema: { ...SCHEMA, hide: method === 'HEAD' },
      handler: async function listOutputs(request, reply) {
        const { page_size: size, page_token: pageToken, prefix } = request.query;
        if (prefix !== undefined) checkText(prefix, 'prefix');
        if (wantsZip(request, request.query)) {
          const run = await findVisibleRun(deps, request, request.params.run_id);
          return sendOutputsArchive(deps, request, reply, { run, prefix: prefix ?? '' });
        }
        const run = await findVisibleRunState(deps, request, request.params.run_id);
        variesByAccept(reply);
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
    });
  }
}
