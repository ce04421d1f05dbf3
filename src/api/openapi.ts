import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { COMPONENTS } from '../wes/components.ts';
import type { ApiInstance } from './api-instance.ts';
import type { ApiDeps, ApiSettings } from './context.ts';
import { withoutEmptyRequired } from './empty-required.ts';
import { WES_VERSION } from './service-info.ts';

const DESCRIPTION = `Runs workflows and tells how they fare: the GA4GH Workflow Execution Service API, version ${WES_VERSION}.

Additions to the standard, all optional: filters and \`sort_order\` on lists, \`total_runs\`, the list of output files and an archive of them, runs as RO-Crates, pausing, rerunning and removing runs, their history and place in the queue, events, the \`Idempotency-Key\` header, and bodies of type application/json and application/x-www-form-urlencoded.`;

/** The document of the API, made from its routes: `/openapi.json`, and a page to browse it at `/docs`. */
export async function addOpenApi(
  app: ApiInstance,
  { settings, authenticator }: Pick<ApiDeps, 'settings' | 'authenticator'>,
): Promise<void> {
  for (const component of COMPONENTS) app.addSchema(component);
  const asksPassword = /^basic\b/i.test(authenticator.challenge ?? '');
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: { title: settings.service.name, description: DESCRIPTION, version: WES_VERSION },
      servers: [{ url: serverUrl(settings) }],
      tags: [
        { name: 'Service Info', description: 'What the service is and what it executes.' },
        {
          name: 'Workflow Runs',
          description: 'Submitting, watching, halting, cancelling and removing runs.',
        },
      ],
      ...(asksPassword && {
        components: { securitySchemes: { basic: { type: 'http', scheme: 'basic' } } },
        security: [{ basic: [] }],
      }),
    },
    transformObject: (document) =>
      'openapiObject' in document
        ? (withoutEmptyRequired(document.openapiObject) as typeof document.openapiObject) // a copy
        : document.swaggerObject,
    refResolver: {
      buildLocalReference: (json, _baseUri, _fragment, index) =>
        typeof json.$id === 'string' ? json.$id : `schema${index}`,
    },
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // `data:` images and the styles of elements are part of the page's own bundle.
    staticCSP:
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
  });
}

function serverUrl({ publicUrl, apiPrefix }: ApiSettings): string {
  return `${publicUrl?.replace(/\/+$/, '') ?? ''}${apiPrefix}` || '/';
}
