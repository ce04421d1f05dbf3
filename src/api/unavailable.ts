import { WesError } from '../runs/errors.ts';
import { StorageError } from '../storage/storage.ts';

/** What sockets and database servers say when they can't be reached or are going down. */
const UNAVAILABLE_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'ER_CON_COUNT_ERROR',
  'ER_SERVER_SHUTDOWN',
  '53300', // PostgreSQL: too many connections
  '57P01', // admin shutdown
  '57P02', // crash shutdown
  '57P03', // can't connect now
  '08000', // connection exception
  '08003', // connection does not exist
  '08006', // connection failure
]);

/** True for an error that says that database or storage can't be reached now, so that trying again may help. */
export function isUnavailable(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error) || depth > 5) return false;
  if (error instanceof WesError || error instanceof StorageError) {
    if (error.code === 'unavailable') return true;
  } else if (UNAVAILABLE_CODES.has(Reflect.get(error, 'code'))) return true;
  const parts: readonly unknown[] =
    error instanceof AggregateError ? [...error.errors, error.cause] : [error.cause];
  return parts.some((part) => isUnavailable(part, depth + 1));
}
