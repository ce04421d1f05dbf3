import type { FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { WesError } from '../../runs/errors.ts';
import { OutputListResponse } from '../../wes/output-list.ts';
import { reference } from '../../wes/reference.ts';
import { addressesFor } from '../addresses.ts';
import type { ApiInstance } from '../api-instance.ts';
import { findVisibleRunState } from '../context.ts';
import type { ApiDeps } from '../context.ts';
import { outputAddresses } from '../output-addresses.ts';
import { listOutputPage } from '../output-list.ts';
import { pageLimit, pageQuery } from '../paging.ts';
import { byteResponses } from './byte-responses.ts';
import type { AttemptOfRun } from '../../runs/storage-keys.ts';
import { sendOutput } from './send-output.ts';

const Params = Type.Object({ run_id: Type.String(), '*': Type.String() });
const Query = Type.Object(pageQuery('files'));

const SCHEMA = {
  operationId: 'GetOutput',
  summary: 'GetOutput',
  description:
    'An output file in its own media type, or a page of the list of files below a directory.',
  tags: ['Workflow Runs'],
  params: Params,
  querystring: Query,
  response: {
    ...byteResponses({
      'application/octet-stream': Type.String({ format: 'binary' }),
      'application/json': reference(OutputListResponse),
    }),
    307: {
      description:
        'Where to fetch it without credentials, for some minutes; only where the service is set up so.',
      type: 'null',
      headers: { location: { schema: Type.String({ format: 'uri' }) } },
    },
  },
};

/** The files that runs produced, by their paths, slashes included. */
export function registerOutputFileRoutes(app: ApiInstance, deps: ApiDeps): void {
  const url = `${deps.settings.apiPrefix}/runs/:run_id/outputs/*`;
  for (const method of ['GET', 'HEAD'] as const) {
    app.route({
      method,
      exposeHeadRoute: false,
      url,
      schema: { ...SCHEMA, hide: method === 'HEAD' },
      handler: async (request, reply) => {
        const run = await findVisibleRunState(deps, request, request.params.run_id);
        const path = request.params['*'];
        const output = await deps.store.getOutput(run.runId, path);
        if (output !== undefined) return sendOutput(deps.storage, request, reply, run, output);
        return listDirectory(deps, request, { run, path, query: request.query });
      },
    });
  }
}

/** @throws WesError `output_not_found` for a directory without a file: storage knows files only */
async function listDirectory(
  deps: ApiDeps,
  request: FastifyRequest,
  { run, path, query }: { run: AttemptOfRun; path: string; query: Static<typeof Query> },
): Promise<OutputListResponse> {
  const { page_size: size, page_token: pageToken } = query;
  const list = await listOutputPage(
    deps.store,
    {
      runId: run.runId,
      prefix: path.endsWith('/') ? path : `${path}/`,
      limit: pageLimit(size, deps.settings),
      ...(pageToken && { pageToken }),
    },
    outputAddresses(run, deps, addressesFor(request, deps.settings)),
  );
  if (list.outputs.length === 0) throw outputNotFound(path);
  return list;
}

function outputNotFound(path: string): WesError {
  return new WesError('output_not_found', `the run has no output ${JSON.stringify(path)}`);
}
