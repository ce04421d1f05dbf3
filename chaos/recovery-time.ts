import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../src/db/open.ts';

const LOOK_MS = 50;
const MOST_MS = 120_000;

/**
 * Notes the runs that a daemon holds just before it is killed. The function that is given is called
 * after the kill and tells how long it took until none of them is under its lease any more, in ms;
 * undefined when it held none or the database could not be asked.
 */
export async function measureRecovery(
  { daemons, runs }: Database,
  pid: number,
): Promise<() => Promise<number | undefined>> {
  const unknown = async () => undefined;
  const records = await daemons.list().catch(() => []);
  const daemonId = records.find(({ processId }) => processId === pid)?.daemonId;
  if (daemonId === undefined) return unknown;
  const leased = await runs.listLeased(daemonId).catch(() => []);
  if (leased.length === 0) return unknown;
  return async () => {
    const killedAt = performance.now();
    while (performance.now() - killedAt < MOST_MS) {
      const left = await runs.listLeased(daemonId).catch(() => undefined);
      if (left?.length === 0) return performance.now() - killedAt;
      await delay(LOOK_MS);
    }
    return MOST_MS;
  };
}
