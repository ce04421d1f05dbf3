import type { ApiInstance } from '../api-instance.ts';
import type { ApiDeps } from '../context.ts';
import { registerCancelRun } from './cancel-run.ts';
import { ignoreBodies } from './ignored-bodies.ts';
import { registerPauseRun } from './pause-run.ts';
import { registerRemoveRun } from './remove-run.ts';
import { registerRerun } from './rerun.ts';

/** What is done to a run that exists, for a scope of its own. All but CancelRun are additions to WES 1.1. */
export function registerActionRoutes(app: ApiInstance, deps: ApiDeps): void {
  ignoreBodies(app);
  registerCancelRun(app, deps);
  registerPauseRun(app, deps);
  registerRerun(app, deps);
  registerRemoveRun(app, deps);
}
