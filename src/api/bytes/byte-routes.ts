import type { ApiInstance } from '../api-instance.ts';
import type { ApiDeps } from '../context.ts';
import type { EventStreams } from '../streams/server-sent-events.ts';
import { registerLogRoutes } from './log-routes.ts';
import { registerOutputFileRoutes } from './output-routes.ts';

/** Everything that is given out as bytes and not as JSON; to be registered behind `requireCredentials`. */
export function registerByteRoutes(app: ApiInstance, deps: ApiDeps, streams: EventStreams): void {
  registerLogRoutes(app, deps, streams);
  registerOutputFileRoutes(app, deps);
}
