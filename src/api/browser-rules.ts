import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { FastifyRequest } from 'fastify';
import type { ApiInstance } from './api-instance.ts';
import type { ApiSettings } from './context.ts';
import { HttpError } from './http-error.ts';

/** What browsers are told about the API, and which pages may use it. */
export async function addBrowserRules(app: ApiInstance, settings: ApiSettings): Promise<void> {
  await app.register(helmet, {
    // Whether a whole domain is to be reached by https only is for its proxy to say.
    strictTransportSecurity: false,
    // The API gives out data, never a page; what is a page (/docs) says so by itself.
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
  });
  await app.register(cors, {
    origin: settings.corsOrigins.includes('*') ? '*' : [...settings.corsOrigins],
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'Range', 'If-Range'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 3600,
    strictPreflight: false,
  });
  app.addHook('onRequest', async (request) => {
    refuseForeignName(request, settings);
    refuseForeignPage(request, settings);
  });
}

const EXPOSED_HEADERS = [
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Length',
  'Content-Range',
  'ETag',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
];

const LOCAL_NAME = /^(?:localhost|[\d.]+|\[[\da-f:]+\])$/i;

/**
 * A page may have its own name answered with this machine's address (DNS rebinding); its requests then
 * look like those of a page of ours, but for the name that they are addressed to.
 */
function refuseForeignName(request: FastifyRequest, settings: ApiSettings): void {
  if (settings.localNamesOnly !== true || LOCAL_NAME.test(request.hostname)) return;
  const { publicUrl } = settings;
  if (publicUrl !== undefined && new URL(publicUrl).hostname === request.hostname) return;
  throw new HttpError(
    403,
    'Host: this service asks for no credentials and so answers only to localhost and addresses; its operator can name it (PUBLIC_URL)',
  );
}

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * A form on any page can post to any address without asking (no preflight for multipart/form-data):
 * without this rule a web page could start workflows on the reader's own machine.
 */
function refuseForeignPage(request: FastifyRequest, settings: ApiSettings): void {
  const { origin } = request.headers;
  if (origin === undefined || SAFE_METHODS.has(request.method)) return;
  if (isOwnOrigin(origin, request, settings)) return;
  if (settings.corsOrigins.includes('*') || settings.corsOrigins.includes(origin)) return;
  throw new HttpError(
    403,
    `Origin: pages from ${JSON.stringify(origin)} may not use this service; its operator can allow them (CORS_ORIGINS)`,
  );
}

function isOwnOrigin(origin: string, request: FastifyRequest, settings: ApiSettings): boolean {
  if (!URL.canParse(origin)) return false;
  if (settings.publicUrl !== undefined && origin === new URL(settings.publicUrl).origin)
    return true;
  return new URL(origin).host === request.host;
}
