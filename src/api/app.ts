import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify from 'fastify';
import { registerActionRoutes } from './actions/action-routes.ts';
import { addAccessLog } from './access-log.ts';
import type { ApiInstance } from './api-instance.ts';
import { requireCredentials } from './authentication.ts';
import { addBrowserRules } from './browser-rules.ts';
import { registerByteRoutes } from './bytes/byte-routes.ts';
import type { ApiDeps } from './context.ts';
import { registerCrateRoutes } from './crate/crate-routes.ts';
import { sendError } from './errors.ts';
import { registerEventRoutes } from './event-routes.ts';
import { registerHealthRoutes } from './health-routes.ts';
import { registerHistoryRoutes } from './history-routes.ts';
import { HttpError } from './http-error.ts';
import { collectMethods } from './method-rules.ts';
import { addOpenApi } from './openapi.ts';
import { registerOutputRoutes } from './output-routes.ts';
import { registerQueueRoutes } from './queue-routes.ts';
import { registerRunRoutes } from './run-routes.ts';
import { serverOptions } from './server-options.ts';
import { EventStreams } from './streams/server-sent-events.ts';
import { registerServiceInfoRoutes } from './service-info-routes.ts';
import { registerSubmissionRoutes } from './submission/submission-routes.ts';
import { registerTaskRoutes } from './task-routes.ts';

/** The API, ready to listen or to be asked with `inject`. */
export async function buildApp(deps: ApiDeps): Promise<ApiInstance> {
  const app: ApiInstance = fastify(serverOptions(deps)).withTypeProvider<TypeBoxTypeProvider>();
  // Fastify's compiled serializer drops fields of the standard's schemas (anyOf, free objects).
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.decorateRequest('principal', undefined);
  app.setErrorHandler((error, request, reply) =>
    sendError(error, request, reply, deps.authenticator),
  );
  addAccessLog(app);
  const methods = collectMethods(app);
  await addBrowserRules(app, deps.settings);
  answerUnknownPaths(app);
  await addOpenApi(app, deps);
  registerHealthRoutes(app, deps);
  registerServiceInfoRoutes(app, deps);
  const streams = new EventStreams(app);
  await app.register(async (scope: ApiInstance) => registerProtectedRoutes(scope, deps, streams));
  methods.close();
  return app;
}

async function registerProtectedRoutes(
  app: ApiInstance,
  deps: ApiDeps,
  streams: EventStreams,
): Promise<void> {
  requireCredentials(app, deps);
  registerRunRoutes(app, deps);
  registerTaskRoutes(app, deps);
  registerOutputRoutes(app, deps);
  registerByteRoutes(app, deps, streams);
  registerCrateRoutes(app, deps);
  registerHistoryRoutes(app, deps);
  registerQueueRoutes(app, deps);
  registerEventRoutes(app, deps, streams);
  await app.register(async (scope: ApiInstance) => registerActionRoutes(scope, deps));
  await app.register(async (scope: ApiInstance) => registerSubmissionRoutes(scope, deps));
}

/** Before a body is looked at: its type does not matter for a path that is not there. */
function answerUnknownPaths(app: ApiInstance): void {
  app.addHook('onRequest', async (request) => {
    if (request.is404) throw nothingHere();
  });
  // For what a route finds missing later, such as a file of the page of the document.
  app.setNotFoundHandler(async () => {
    throw nothingHere();
  });
}

function nothingHere(): HttpError {
  return new HttpError(404, 'there is nothing at this path; see /docs');
}
