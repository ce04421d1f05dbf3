import { DatabaseSync } from 'node:sqlite';
import type { LeasedRun, RunStore } from '../src/runs/run-store.ts';

/** A run store with the fault that has this name; as it is for a fault that lies elsewhere. */
export function plantFault(name: string, store: RunStore): RunStore {
  if (name === 'no-lease-check') return withoutLeaseCheck(store);
  if (name === 'canceled-too-early') return canceledTooEarly(store);
  return store;
}

/** Every daemon takes every lease for its own, and its writes are taken whoever holds the run. */
function withoutLeaseCheck(store: RunStore): RunStore {
  let self: string | undefined;
  const currentLease = async <T extends { runId: string; daemonId: string; attempt: number }>(
    write: T,
  ): Promise<T> => {
    const run = await store.getRun(write.runId);
    return { ...write, daemonId: run?.leaseOwner ?? '', attempt: run?.attempt ?? 0 };
  };
  return {
    ...store,
    async listLeased(daemonId) {
      self = daemonId;
      const all: LeasedRun[] = [];
      for (const owner of await store.listLeaseOwners()) {
        all.push(...(await store.listLeased(owner)));
      }
      return all.map((lease) => ({ ...lease, daemonId }));
    },
    async getRun(runId) {
      const run = await store.getRun(runId);
      return run?.leaseOwner === undefined || self === undefined
        ? run
        : { ...run, leaseOwner: self };
    },
    moveRun: async (move) => store.moveRun(await currentLease(move)),
    saveTasks: async (lease, tasks) => store.saveTasks(await currentLease(lease), tasks),
  };
}

/** CANCELED is written as soon as the daemon hears of the cancel, before anything is stopped. */
function canceledTooEarly(store: RunStore): RunStore {
  return {
    ...store,
    async listLeased(daemonId) {
      const leased = await store.listLeased(daemonId);
      for (const { runId, attempt, state } of leased) {
        if (state !== 'CANCELING') continue;
        const move = { runId, daemonId, attempt, to: 'CANCELED', at: Date.now() } as const;
        await store.moveRun({ ...move, reason: 'a planted fault' });
      }
      return leased;
    },
  };
}

/** The history is not told that runs have begun: a trigger in the SQLite file of this URL takes these lines away. */
export function loseTransitions(url: string): void {
  const database = new DatabaseSync(url.replace(/^sqlite:/, ''), { timeout: 20_000 });
  database.exec(`
    CREATE TRIGGER IF NOT EXISTS lost_transition BEFORE INSERT ON run_events
    WHEN NEW.to_state = 'RUNNING' BEGIN SELECT RAISE(IGNORE); END`);
  database.close();
}
