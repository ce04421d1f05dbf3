import { afterAll, beforeAll } from 'vitest';
import type { RunStore } from '../../src/runs/run-store.ts';
import type { TestDatabase } from '../support/databases.ts';
import { describeCanceling } from './run-store/canceling.ts';
import { describeChanges } from './run-store/changes.ts';
import { describeClaiming } from './run-store/claiming.ts';
import { describeCounting } from './run-store/counting.ts';
import { describeCreating } from './run-store/creating.ts';
import { describeInterleaving } from './run-store/interleaving.ts';
import { describeLeases } from './run-store/leases.ts';
import { describeListing } from './run-store/listing.ts';
import { describeMoving } from './run-store/moving.ts';
import { describePausing } from './run-store/pausing.ts';
import { describeRemoving } from './run-store/removing.ts';
import { describeTurns } from './run-store/turns.ts';
import { describeOutputs } from './run-store/outputs.ts';
import { describeTasks } from './run-store/tasks.ts';

/** What every RunStore promises, see `src/runs/run-store.ts`. `open` gives an empty, migrated database. */
export function describeRunStore(open: () => Promise<TestDatabase>): void {
  let opened: TestDatabase;
  const store = (): RunStore => opened.database.runs;

  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.close());

  describeCreating(store);
  describeListing(store);
  describeCounting(store);
  describeMoving(store);
  describeClaiming(store);
  describeTurns(store);
  describeLeases(store);
  describePausing(store);
  describeRemoving(store, () => opened.database.removals);
  describeCanceling(store);
  describeTasks(store);
  describeOutputs(store);
  describeChanges(store);
  describeInterleaving(store);
}
