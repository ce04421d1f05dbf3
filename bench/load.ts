import autocannon from 'autocannon';
import type { Child } from './child.ts';

export interface LoadFigures {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /**
   * Processor time of the server for one request, in µs: unlike the rest it hardly depends on what else
   * the machine does. Without that of a database server.
   */
  readonly processorMicroseconds: number | undefined;
}

export interface Load {
  readonly server: Pick<Child, 'processorTime'>;
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
  const before = load.server.processorTime();
  const { requests, latency } = await fire(load);
  const after = load.server.processorTime();
  return {
    requestsPerSecond: requests.average,
    p50Ms: latency.p50,
    p99Ms: latency.p99,
    processorMicroseconds:
      before === undefined || after === undefined ? undefined : (after - before) / requests.total,
  };
}

async function fire({ url, seconds, requests }: Omit<Load, 'server'>): Promise<autocannon.Result> {
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
