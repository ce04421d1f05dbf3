import { createRuns } from './0001-runs.ts';
import { createTasksAndOutputs } from './0002-tasks-and-outputs.ts';
import { createUsers } from './0003-users.ts';
import { createDaemons } from './0004-daemons.ts';
import { orderTheQueue } from './0005-queue-order.ts';
import { recordChanges } from './0006-changes.ts';
import type { SchemaChange } from './schema-change.ts';

/**
 * Every change of the schema by name, applied in the order of the names. One that was released stays
 * as it is: a later change is a new one.
 */
export const MIGRATIONS: Readonly<Record<string, (change: SchemaChange) => Promise<void>>> = {
  '0001-runs': createRuns,
  '0002-tasks-and-outputs': createTasksAndOutputs,
  '0003-users': createUsers,
  '0004-daemons': createDaemons,
  '0005-queue-order': orderTheQueue,
  '0006-changes': recordChanges,
};
