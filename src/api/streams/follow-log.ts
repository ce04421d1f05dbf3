import type { FastifyBaseLogger } from 'fastify';
import type { Storage } from '../../storage/storage.ts';
import { GrowingLogs } from './growing-logs.ts';
import { eventId, logEvents, type LogPlace } from './log-events.ts';
import type { LogSubject } from './log-watch.ts';
import { serverSentEvent } from './server-sent-events.ts';

/** A log of a run, whichever attempt writes it. */
export interface FollowedLog {
  keyOf(attempt: number): string;
  /** The latest attempt, and whether it writes no more; undefined when the run was removed. */
  look(): Promise<{ readonly attempt: number; readonly isOver: boolean } | undefined>;
}

/** Gives the events of a log from a place on, through all attempts, to its end. */
export type FollowLog = (
  log: FollowedLog,
  from: LogPlace,
  signal: AbortSignal,
) => AsyncGenerator<Buffer, void, undefined>;

export function createFollowLog(
  storage: Pick<Storage, 'get' | 'stat'>,
  logger: FastifyBaseLogger,
): FollowLog {
  const onError = (error: unknown): void => logger.warn({ err: error }, 'look at a log failed');
  const logs = new GrowingLogs({ storage, encode: logEvents, onError });

  return async function* followLog(log, from, signal) {
    let { attempt, offset } = from;
    for (;;) {
      let size = offset;
      for await (const news of logs.follow(subjectOf(log, attempt), offset, signal)) {
        if (news.type === 'block') yield news.value;
        if (news.type === 'restarted') yield restarted(attempt);
        if (news.type === 'over') size = news.sizeBytes;
      }
      const latest = signal.aborted ? undefined : await log.look();
      if (signal.aborted) return;
      if (latest === undefined || latest.attempt === attempt) {
        yield serverSentEvent('end', { size }, eventId({ attempt, offset: size }));
        return;
      }
      if (size > 0) yield restarted(latest.attempt);
      [attempt, offset] = [latest.attempt, 0];
    }
  };
}

function subjectOf(log: FollowedLog, attempt: number): LogSubject {
  return {
    key: log.keyOf(attempt),
    attempt,
    isOver: async () => {
      const latest = await log.look();
      return latest === undefined || latest.isOver || latest.attempt !== attempt;
    },
  };
}

function restarted(attempt: number): Buffer {
  return serverSentEvent('restarted', { attempt }, eventId({ attempt, offset: 0 }));
}
