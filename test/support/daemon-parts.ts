import type { DaemonDeps, DaemonSettings } from '../../src/daemon/daemon-deps.ts';
import { createFakeEngine } from '../../src/engines/fake.ts';
import { createFakeExecutor } from '../../src/executors/fake/fake-executor.ts';
import { createLocalExecutor } from '../../src/executors/local/local-executor.ts';
import { pino } from 'pino';
import { loadConfig } from '../../src/config.ts';
import { stagingFor } from '../../src/cli/wiring/staging.ts';
import { createLocalStorage } from '../../src/storage/local.ts';
import { createShellEngine } from './shell-engine.ts';

/** Everything may be fetched from loopback, and nothing is kept. */
const TEST_STAGING = {
  ...loadConfig({ environment: {} }),
  stagingAllowedNetworks: ['127.0.0.1'],
  stagingConnectTimeout: 5,
  stagingIdleTimeout: 5,
  stagingMaxFileSize: 0,
  stagingMaxRunSize: 0,
  stagingParallel: 4,
  stagingCacheSize: 0,
};

export type ExecutorName = 'fake' | 'local';

/** All that a daemon needs, in a form that can be handed to another process. */
export interface DaemonPlaces {
  readonly databaseUrl: string;
  readonly executor: ExecutorName;
  readonly storageRoot: string;
  readonly workRoot: string;
  readonly cacheRoot: string;
  readonly markDirectory: string;
  readonly settings: Partial<DaemonSettings>;
}

/** The parts of a daemon that need no database. */
export function daemonParts(
  places: DaemonPlaces,
): Pick<DaemonDeps, 'storage' | 'executor' | 'engines' | 'staging' | 'settings'> {
  const { executor, markDirectory, storageRoot, workRoot, cacheRoot, settings } = places;
  const isLocal = executor === 'local';
  const engine = isLocal ? createShellEngine() : createFakeEngine();
  const launcher = isLocal ? ['sh', '-c'] : ['fake-engine'];
  return {
    storage: createLocalStorage({ root: storageRoot }),
    executor: isLocal ? createLocalExecutor() : createFakeExecutor({ markDirectory }),
    staging: stagingFor({ ...TEST_STAGING, workDir: workRoot }, pino({ level: 'silent' })),
    engines: [{ engine, installations: [{ engine: engine.name, version: '1.0', launcher }] }],
    settings: {
      workRoot,
      cacheRoot,
      pollIntervalMs: 50,
      maxConcurrentRuns: 4,
      leaseSeconds: 5,
      heartbeatSeconds: 0.5,
      cancelGraceSeconds: 0.5,
      maxAttempts: 2,
      coresPerRun: 1,
      logIntervalMs: 50,
      keepWorkDirectories: 'never',
      searchPath: process.env.PATH ?? '/usr/bin:/bin',
      allowedFileRoots: [],
      drain: 'handover',
      storageRetryPausesMs: [10, 20],
      ...settings,
    },
  };
}
