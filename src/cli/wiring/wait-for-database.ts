import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from '../../config.ts';
import { DatabaseAwayError, type Database } from '../../db/open.ts';
import { openMigratedDatabase } from './database.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Opens a database that is ready for use, and waits for one that is away: on many platforms the service
 * starts before its database does. Undefined when the signal ended the waiting.
 * @throws WesError for what waiting does not help: wrong credentials, no such database, another schema
 */
export async function waitForDatabase(
  config: Config,
  logger: Logger,
  signal: AbortSignal,
): Promise<Database | undefined> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    if (signal.aborted) return undefined;
    try {
      return await unlessAborted(openMigratedDatabase(config), signal);
    } catch (error) {
      if (!(error instanceof DatabaseAwayError)) throw error;
      logger.warn({ reason: error.message, next_try_ms: pauseMs }, 'database is away');
    }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

async function unlessAborted(
  opening: Promise<Database>,
  signal: AbortSignal,
): Promise<Database | undefined> {
  const aborted = Promise.withResolvers<undefined>();
  const abort = () => aborted.resolve(undefined);
  signal.addEventListener('abort', abort, { once: true });
  try {
    const first = await Promise.race([opening, aborted.promise]);
    // One that opens too late is closed again; that it does not open is of no interest any more.
    if (!first) opening.then((database) => database.close()).catch(() => undefined);
    return first;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
