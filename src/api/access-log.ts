import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiInstance } from './api-instance.ts';

const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** One line for each request. The query is left out: it may hold what clients keep to themselves. */
export function addAccessLog(app: ApiInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const level = PROBES.has(pathOf(request)) ? 'debug' : 'info';
    request.log[level](
      { ...facts(request), status: reply.statusCode, duration_ms: duration(reply) },
      'request answered',
    );
  });
  app.addHook('onRequestAbort', async (request) => {
    request.log.info(facts(request), 'request aborted by the client');
  });
}

function facts(request: FastifyRequest): object {
  return {
    method: request.method,
    path: pathOf(request),
    request_id: request.id,
    remote_address: request.ip,
    ...(request.principal !== undefined && { user: request.principal.name }),
  };
}

function pathOf({ url }: FastifyRequest): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

function duration(reply: FastifyReply): number {
  return Math.round(reply.elapsedTime * 10) / 10;
}
