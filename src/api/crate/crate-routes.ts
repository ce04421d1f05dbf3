import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import Type, { type Static } from 'typebox';
import type { Run } from '../../runs/run.ts';
import { isTerminal } from '../../runs/state.ts';
import { stillRunning } from '../../runs/wrong-state.ts';
import { ErrorResponse } from '../../wes/error-response.ts';
import { responses } from '../responses.ts';
import type { ApiInstance } from '../api-instance.ts';
import { findVisibleRun, type ApiDeps } from '../context.ts';
import { RunParams } from '../run-params.ts';
import { DownloadQuery, sendZip, variesByAccept, wantsZip } from '../zip/send-zip.ts';
import { crateArchive } from './archive.ts';
import { crateText } from './crate-text.ts';
import { collectFacts } from './collect-facts.ts';
import { crateEntities } from './graph.ts';

const CrateQuery = Type.Object({
  ...DownloadQuery,
  logs: Type.Optional(
    Type.Boolean({ description: 'With what the engine and the tasks wrote.', default: false }),
  ),
});
type CrateQuery = Static<typeof CrateQuery>;

const MEDIA_TYPE = 'application/ld+json';

const SCHEMA = {
  operationId: 'GetRunCrate',
  summary: 'GetRunCrate',
  description:
    'A run that ended as a research object: an RO-Crate 1.1 of the profile Provenance Run Crate 0.5. Its metadata by themselves, or an archive of them with the files. An addition to WES 1.1.',
  tags: ['Workflow Runs'],
  params: RunParams,
  querystring: CrateQuery,
  response: {
    ...responses(ErrorResponse, '', [400, 401, 403, 404, 409]),
    200: {
      description: 'The crate.',
      content: {
        [MEDIA_TYPE]: { schema: { type: 'object', additionalProperties: true } },
        'application/zip': { schema: Type.String({ format: 'binary' }) },
      },
    },
  },
};

/** GetRunCrate: what a run took, did and made, as an RO-Crate. An addition to WES 1.1. */
export function registerCrateRoutes(app: ApiInstance, deps: ApiDeps): void {
  for (const method of ['GET', 'HEAD'] as const) {
    app.route({
      method,
      exposeHeadRoute: false,
      url: `${deps.settings.apiPrefix}/runs/:run_id/ro-crate`,
      schema: { ...SCHEMA, hide: method === 'HEAD' },
      handler: async function getRunCrate(request, reply) {
        const run = await findVisibleRun(deps, request, request.params.run_id);
        // The profile knows actions that ended only, and what is still written can't be told as a whole.
        if (!isTerminal(run.state)) throw stillRunning(run.runId, run.state, 'be told as a crate');
        return sendCrate(deps, request, reply, run);
      },
    });
  }
}

async function sendCrate(
  deps: ApiDeps,
  request: FastifyRequest<{ Querystring: CrateQuery }>,
  reply: FastifyReply,
  run: Run,
): Promise<FastifyReply> {
  const facts = await collectFacts(deps, request, run, request.query.logs === true);
  if (wantsZip(request, request.query)) {
    const fileName = `${run.runId}.crate.zip`;
    return sendZip(request, reply, { fileName, entries: crateArchive(deps.storage, facts) });
  }
  reply.headers({
    'content-type': MEDIA_TYPE,
    'cache-control': 'private, no-store',
  });
  variesByAccept(reply);
  if (request.method === 'HEAD') return reply.send();
  return reply.send(Readable.from(crateText(crateEntities(facts)), { objectMode: false }));
}
