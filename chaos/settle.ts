import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../test/support/until.ts';
import { resume } from './actions.ts';
import type { ClientContext } from './client-context.ts';
import { poll } from './observations.ts';
import type { ChaosService } from './service.ts';
import { checkLabel } from './verify-label.ts';
import { verifyRuns } from './verify.ts';

const END_MS = 240_000;
const CLEAN_MS = 60_000;
const LOOK_MS = 300;

/** All goes on, all runs end, nothing is left; then each run is looked at. Gives the number of attempts. */
export async function settle(
  service: ChaosService,
  admin: ClientContext,
  interrupted: AbortSignal,
): Promise<number> {
  const { ledger } = admin;
  service.heal();
  await service.ready();
  // Of those whose answers were all lost, the service tells now whether there are any.
  for (const run of ledger.runs.filter(({ runId, isRefused }) => !runId && !isRefused)) {
    await checkLabel(admin, run);
  }
  await waitForEnds(admin, interrupted);
  const { attempts } = await verifyRuns(service, admin);
  await checkNothingLeft(service, admin);
  for (const crash of await service.logs().crashes()) {
    ledger.violate('no process ends by itself', undefined, crash);
  }
  for (const name of await service.stop()) {
    ledger.violate('SIGTERM ends a process', undefined, name);
  }
  const daemons = await service.records.daemons.list();
  if (daemons.length > 0) {
    ledger.violate('no daemon record is left', undefined, JSON.stringify(daemons));
  }
  return attempts;
}

/** Runs that are paused still, nobody else would let go on. */
async function waitForEnds(admin: ClientContext, interrupted: AbortSignal): Promise<void> {
  const { ledger } = admin;
  const deadline = performance.now() + END_MS;
  while (ledger.live().length > 0 && performance.now() < deadline && !interrupted.aborted) {
    for (const run of ledger.live()) {
      if ((await poll(admin, run)) === 'PAUSED') await resume(admin, run);
    }
    await delay(LOOK_MS);
  }
}

async function checkNothingLeft(service: ChaosService, { ledger }: ClientContext): Promise<void> {
  const left = async () => ({
    processes: (await service.runProcesses()).map(
      ({ pid, state, commandLine }) => `${pid} ${state} ${commandLine.slice(0, 200)}`,
    ),
    files: await service.leftFiles(),
    'control groups': await service.leftGroups((runId) => ledger.find(runId) !== undefined),
    leases: await service.records.runs.listLeaseOwners(),
  });
  const isClean = async () => Object.values(await left()).every((found) => found.length === 0);
  if (await until(isClean, { timeoutMs: CLEAN_MS }).catch(() => false)) return;
  for (const [kind, found] of Object.entries(await left())) {
    for (const one of found) {
      const runId = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(one)?.[0];
      ledger.violate(`no ${kind} left`, runId, one);
    }
  }
}
