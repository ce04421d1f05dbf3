import { setTimeout as delay } from 'node:timers/promises';
import type { StoredState } from '../src/runs/state.ts';
import type { Ledger } from './ledger.ts';
import type { ChaosService } from './service.ts';
import { USER_MAX_CONCURRENT_RUNS, USERS } from './users.ts';

const LOOK_MS = 400;
const AT_WORK: readonly StoredState[] = ['INITIALIZING', 'RUNNING', 'PAUSED', 'CANCELING'];

/** Counts again and again what each user has at work, until the signal. */
export async function watchLimits(
  service: ChaosService,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    for (const { name } of USERS) {
      const atWork = await count(service, name, AT_WORK);
      if (atWork > USER_MAX_CONCURRENT_RUNS) {
        ledger.violate('nobody has more runs at once than allowed', undefined, `${name} ${atWork}`);
      }
    }
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Of one moment, because it is one query; 0 when the database does not answer. */
async function count(
  { records }: ChaosService,
  owner: string,
  states: readonly StoredState[],
): Promise<number> {
  const query = { owner, states, order: 'newest_first', limit: 1000 } as const;
  return (await records.runs.listRuns(query).catch(() => [])).length;
}
