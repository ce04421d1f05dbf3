import { join } from 'node:path';
import { TEST_ENGINES } from '../test/support/engines.ts';
import type { Places } from './places.ts';
import { USER_MAX_CONCURRENT_RUNS } from './users.ts';

const PROJECT = join(import.meta.dirname, '..');
export const MAIN = join(PROJECT, 'src', 'cli', 'main.ts');
export const REGISTER = join(import.meta.dirname, 'substitutes', 'register.ts');

export const EXECUTORS = ['local', 'fake'] as const;
export type ExecutorName = (typeof EXECUTORS)[number];

/** A lease is short, so that many run out in the time of a run of the suite. */
const LEASE_SECONDS = 3;
/** Of the small disk: a daemon begins nothing on one that is nearly full. */
const MIN_FREE_DISK_BYTES = 16 * 1024 * 1024;
/** Shorter than the longest silence that the schedule has. */
const DATABASE_TIMEOUT_SECONDS = 4;

/** The environment of every process of the service. */
export function serviceSettings(
  { home, temporary, data, marks }: Places,
  databaseUrl: string,
): Readonly<Record<string, string>> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: home,
    TMPDIR: temporary,
    DATA_DIR: data,
    DATABASE_URL: databaseUrl,
    DATABASE_TIMEOUT: String(DATABASE_TIMEOUT_SECONDS),
    ENGINE_INSTALL_DIR: TEST_ENGINES,
    NODE_COMPILE_CACHE: join(PROJECT, '.cache', 'compile'),
    DAEMON_LEASE: String(LEASE_SECONDS),
    DAEMON_HEARTBEAT: '0.5',
    DAEMON_POLL_INTERVAL: '0.2',
    DAEMON_MAX_CONCURRENT_RUNS: '6',
    USER_MAX_CONCURRENT_RUNS: String(USER_MAX_CONCURRENT_RUNS),
    MIN_FREE_DISK_BYTES: String(MIN_FREE_DISK_BYTES),
    CANCEL_GRACE: '1',
    // High, so that what the service must survive never costs a run.
    RUN_MAX_ATTEMPTS: '50',
    LOG_LEVEL: 'info',
    CONTAINERS: 'none',
    CHAOS_MARKS: marks,
  };
}

export function workDirectory({ work }: Places, executor: ExecutorName): string {
  return join(work, executor);
}
