import { ServiceInfo } from '../wes/service-info.ts';
import type { ApiInstance } from './api-instance.ts';
import type { ApiDeps } from './context.ts';
import { responses } from './responses.ts';
import { serviceInfo } from './service-info.ts';

/**
 * service-info is told to anyone. It is also found at the path of the API and at the root: service-info
 * 1.0.0 says that its URL without `/service-info` "will result in a valid URL".
 */
export function registerServiceInfoRoutes(app: ApiInstance, deps: ApiDeps): void {
  const getServiceInfo = async (): Promise<ServiceInfo> => {
    const [offers, stateCounts] = await Promise.all([
      deps.catalog.offers(),
      deps.store.countByState(),
    ]);
    return serviceInfo({ settings: deps.settings, offers, stateCounts });
  };
  const schema = {
    operationId: 'GetServiceInfo',
    summary: 'GetServiceInfo',
    description: 'What the service is, what it executes, and how many runs it holds.',
    tags: ['Service Info'],
    security: [],
    response: responses(ServiceInfo, 'The service.', []),
  };
  const { apiPrefix } = deps.settings;
  app.get(`${apiPrefix}/service-info`, { schema }, getServiceInfo);
  for (const path of new Set(['/', apiPrefix || '/'])) {
    app.get(path, { schema: { hide: true } }, getServiceInfo);
  }
}
