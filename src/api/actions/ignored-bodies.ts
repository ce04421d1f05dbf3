import type { ApiInstance } from '../api-instance.ts';

/**
 * For routes that take no body: whatever comes is read and thrown away, because clients in the field
 * send `{}` or worse. To be called on a scope of its own.
 */
export function ignoreBodies(app: ApiInstance): void {
  app.removeAllContentTypeParsers();
  app.addHook('onRequest', async ({ raw }) => {
    // What is no type at all would be refused before it gets to the parser.
    delete raw.headers['content-type'];
  });
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(null);
  });
}
