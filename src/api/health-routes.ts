import type { ApiInstance } from './api-instance.ts';
import type { ApiDeps, ReadinessCheck } from './context.ts';

/** A check that takes longer counts as failed. */
const CHECK_TIMEOUT_MS = 5000;

/** `/healthz`: the process answers. `/readyz`: so do the parts that it needs. */
export function registerHealthRoutes(
  app: ApiInstance,
  { checks, logger }: Pick<ApiDeps, 'checks' | 'logger'>,
): void {
  const schema = { hide: true };
  app.get('/healthz', { schema }, async () => ({ status: 'ok' }));
  app.get('/readyz', { schema }, async (_request, reply) => {
    const results = await Promise.all(checks.map((check) => run(check, logger)));
    const failed = checks.filter((_check, index) => !results[index]).map(({ name }) => name);
    const states = checks.map(({ name }, index) => [name, results[index] ? 'ok' : 'failed']);
    if (failed.length === 0) return { status: 'ok', checks: Object.fromEntries(states) };
    return reply
      .code(503)
      .header('retry-after', '5')
      .send({
        status: 'unavailable',
        checks: Object.fromEntries(states),
        msg: `not reachable: ${failed.join(', ')}`,
        status_code: 503,
      });
  });
}

async function run(part: ReadinessCheck, logger: ApiDeps['logger']): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)),
      CHECK_TIMEOUT_MS,
    );
  });
  try {
    await Promise.race([part.check(), timeout]);
    return true;
  } catch (error) {
    logger.warn({ err: error, check: part.name }, 'readiness check failed');
    return false;
  } finally {
    clearTimeout(timer);
  }
}
