import {
  openDatabase as openReal,
  type Database,
  type DatabaseOptions,
} from '../../src/db/open.ts';
import { loseTransitions, plantFault } from '../plants.ts';

export { DatabaseAwayError } from '../../src/db/open.ts';

/** A database with the fault that the environment names. */
export async function openDatabase(url: string, options?: DatabaseOptions): Promise<Database> {
  const database = await openReal(url, options);
  const fault = process.env.CHAOS_PLANT ?? '';
  if (fault === 'lost-transition') loseTransitions(url);
  return { ...database, runs: plantFault(fault, database.runs) };
}
