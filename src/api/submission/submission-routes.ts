import multipart from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { v7 as newRunId } from 'uuid';
import { parseJson } from '../../runs/json-text.ts';
import { RunId } from '../../wes/runs.ts';
import type { ApiInstance } from '../api-instance.ts';
import type { ApiDeps } from '../context.ts';
import { responses } from '../responses.ts';
import { parseUrlencoded, utf8Text } from './body.ts';
import { preferContentTypeWithBoundary } from './content-type.ts';
import { runWorkflow } from './run-workflow.ts';
import { SUBMISSION_BODY, SUBMISSION_HEADERS } from './submission-schema.ts';

/** The text of a JSON or urlencoded body is longer than the fields in it, at worst three times. */
const BODY_LIMIT_FACTOR = 4;
const MAX_BODY_BYTES = 256 * 1024 * 1024;

/** RunWorkflow, in a scope of its own, because only here bodies of these types are read. */
export async function registerSubmissionRoutes(app: ApiInstance, deps: ApiDeps): Promise<void> {
  app.removeAllContentTypeParsers();
  await app.register(multipart);
  const bodyLimit = Math.min(
    deps.settings.maxRequestFieldBytes * BODY_LIMIT_FACTOR,
    MAX_BODY_BYTES,
  );
  parseText(app, 'application/json', bodyLimit, (text) =>
    text.trim() === '' ? undefined : parseJson(text, 'body'),
  );
  parseText(app, 'application/x-www-form-urlencoded', bodyLimit, parseUrlencoded);
  app.addHook('onRequest', async ({ raw }) => preferContentTypeWithBoundary(raw));
  const schema = {
    operationId: 'RunWorkflow',
    summary: 'RunWorkflow',
    description:
      'Submits a run. Attachments keep the paths in their file names and lie next to each other when the workflow is executed.',
    tags: ['Workflow Runs'],
    headers: SUBMISSION_HEADERS,
    body: SUBMISSION_BODY,
    response: responses(RunId, 'The new run.', [400, 401, 403, 413, 415, 422, 429]),
  };
  app.post(
    `${deps.settings.apiPrefix}/runs`,
    // The body is checked by the rules in runs/, which know more than a schema can say.
    { schema, validatorCompiler: () => () => true },
    async (request) => runWorkflow(request, newRunId(), deps),
  );
}

function parseText(
  app: ApiInstance,
  contentType: string,
  bodyLimit: number,
  parse: (text: string) => unknown,
): void {
  app.addContentTypeParser(
    contentType,
    { parseAs: 'buffer', bodyLimit },
    async (_request: FastifyRequest, bytes: Buffer) => parse(utf8Text(bytes, 'body')),
  );
}
