import { pino, type Logger } from 'pino';
import type { Config } from '../../config.ts';

const STANDARD_ERROR = 2;

/** JSON lines on standard error, each with the part of the service that wrote it. */
export function createLogger(
  config: Pick<Config, 'logLevel'>,
  part: 'api' | 'daemon' | 'prune',
): Logger {
  return pino(
    { level: config.logLevel, base: { part, pid: process.pid } },
    pino.destination({ dest: STANDARD_ERROR, sync: true }),
  );
}
