import { FetchError } from './protocol.ts';

/** The same failure in other words. */
export function reworded(error: FetchError, reason: string): FetchError {
  const { isPassing, status, retryAfterSeconds } = error;
  return new FetchError(reason, isPassing, {
    cause: error,
    ...(status !== undefined && { status }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}
