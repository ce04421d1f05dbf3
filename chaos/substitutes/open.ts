import { openDatabase as openReal, type Database } from '../../src/db/open.ts';
import type { RunStore } from '../../src/runs/run-store.ts';
import { plantFault } from '../plants.ts';

/** A database whose run store has the fault that the environment names. */
export async function openDatabase(url: string): Promise<Database> {
  const database = await openReal(url);
  const runs: RunStore = plantFault(process.env.CHAOS_PLANT ?? '', database.runs);
  return { ...database, runs };
}
