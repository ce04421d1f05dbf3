import type { FastifyBaseLogger } from 'fastify';
import { invalidRequest } from '../../runs/errors.ts';
import type { Storage } from '../../storage/storage.ts';
import { GrowingLogs, type LogNews } from './growing-logs.ts';
import { logEvent } from './log-events.ts';
import type { LogSubject } from './log-watch.ts';
import { serverSentEvent } from './server-sent-events.ts';

/** Gives the events of a log from a byte on. */
export type FollowLog = (
  subject: LogSubject,
  offset: number,
  signal: AbortSignal,
) => AsyncGenerator<Buffer, void, undefined>;

export function createFollowLog(
  storage: Pick<Storage, 'get' | 'stat'>,
  logger: FastifyBaseLogger,
): FollowLog {
  const onError = (error: unknown): void => logger.warn({ err: error }, 'look at a log failed');
  const logs = new GrowingLogs({ storage, encode: logEvent, onError });
  return async function* followLog(subject, offset, signal) {
    for await (const news of logs.follow(subject, offset, signal)) yield eventOf(news);
  };
}

function eventOf(news: LogNews<Buffer>): Buffer {
  if (news.type === 'block') return news.value;
  if (news.type === 'restarted') return serverSentEvent('restarted', {}, '0');
  return serverSentEvent('end', { size: news.sizeBytes }, String(news.sizeBytes));
}

/**
 * The place that a client reached before its connection was lost; undefined when it just begins.
 * @throws WesError `invalid_request`
 */
export function lastOffset(header: string | string[] | undefined): number | undefined {
  if (header === undefined || header === '') return undefined;
  const text = String(header);
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw invalidRequest('Last-Event-ID', `'${text}' is not the id of an event of a log`);
}
