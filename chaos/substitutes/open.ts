import {
  openDatabase as openReal,
  type Database,
  type DatabaseOptions,
} from '../../src/db/open.ts';
import type { RunStore } from '../../src/runs/run-store.ts';
import { plantFault } from '../plants.ts';

export { DatabaseAwayError } from '../../src/db/open.ts';

/** A database whose run store has the fault that the environment names. */
export async function openDatabase(url: string, options?: DatabaseOptions): Promise<Database> {
  const database = await openReal(url, options);
  const runs: RunStore = plantFault(process.env.CHAOS_PLANT ?? '', database.runs);
  return { ...database, runs };
}
