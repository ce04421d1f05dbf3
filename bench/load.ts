import autocannon from 'autocannon';

export interface LoadFigures {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Load {
  readonly url: string;
  readonly seconds: number;
  /** Sent in turn; GET of `url` when absent. */
  readonly requests?: readonly autocannon.Request[];
}

const CONNECTIONS = 16;
const WARM_UP_SECONDS = 1;

/**
 * Asks as fast as the answers come, over 16 connections that are kept open.
 * @throws Error when one answer is not a success: then the figures would be about something else.
 */
export async function measureLoad(load: Load): Promise<LoadFigures> {
  await fire({ ...load, seconds: WARM_UP_SECONDS });
  const { requests, latency } = await fire(load);
  return { requestsPerSecond: requests.average, p50Ms: latency.p50, p99Ms: latency.p99 };
}

async function fire({ url, seconds, requests }: Load): Promise<autocannon.Result> {
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: seconds,
    ...(requests !== undefined && { requests: [...requests] }),
  });
  const failed = result.non2xx + result.errors + result.timeouts;
  if (failed > 0) throw new Error(`${failed} requests to ${url} failed`);
  return result;
}
