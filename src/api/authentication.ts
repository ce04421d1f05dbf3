import type { ApiInstance } from './api-instance.ts';
import type { ApiDeps } from './context.ts';

/** Every route registered on `app` after this asks for credentials, before it reads a body. */
export function requireCredentials(
  app: ApiInstance,
  { authenticator }: Pick<ApiDeps, 'authenticator'>,
): void {
  app.addHook('onRequest', async (request) => {
    const { authorization } = request.headers;
    request.principal = await authenticator.authenticate({
      ...(authorization !== undefined && { authorization }),
      remoteAddress: request.ip,
    });
  });
}
