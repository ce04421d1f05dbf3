import { METHODS } from 'node:http';
import type { ApiInstance } from './api-instance.ts';
import { HttpError } from './http-error.ts';

/** Collects the methods of every path that is registered, to answer for the others at the end. */
export interface MethodRules {
  /** Registers 405 (with `Allow`, RFC 9110 section 15.5.6) for every other method of each known path. */
  close(): void;
}

/** In the order in which `Allow` tells them. */
const USUAL_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** All that come as requests: CONNECT is none, and what Node can't read is no HTTP. */
const ALL_METHODS = [...new Set([...USUAL_METHODS, ...METHODS])].filter((one) => one !== 'CONNECT');

export function collectMethods(app: ApiInstance): MethodRules {
  for (const method of ALL_METHODS) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method);
  }
  const known = new Map<string, Set<string>>();
  let isClosed = false;
  app.addHook('onRoute', ({ url, method }) => {
    if (isClosed || url === '*') return;
    const methods = known.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    known.set(url, methods);
  });
  return {
    close() {
      isClosed = true;
      for (const [url, methods] of known) answerOtherMethods(app, url, methods);
    },
  };
}

/** OPTIONS is answered on every path: by the plugin for CORS. */
function answerOtherMethods(app: ApiInstance, url: string, methods: ReadonlySet<string>): void {
  const allow = USUAL_METHODS.filter((method) => methods.has(method) || method === 'OPTIONS').join(
    ', ',
  );
  const others = ALL_METHODS.filter((method) => !methods.has(method) && method !== 'OPTIONS');
  if (others.length === 0) return;
  app.route({
    url,
    method: others,
    exposeHeadRoute: false,
    schema: { hide: true },
    // Before a body is looked at: its type does not matter any more.
    onRequest: async ({ method }) => {
      throw new HttpError(405, `${method} is not possible here; possible are ${allow}`, { allow });
    },
    handler: () => undefined,
  });
}
