import { availableParallelism } from 'node:os';
import { mkdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Config } from '../../config.ts';
import { createDaemon, type Daemon } from '../../daemon/daemon.ts';
import type { DaemonSettings, Drain } from '../../daemon/daemon-deps.ts';
import type { Database } from '../../db/open.ts';
import type { InstalledEngine } from '../../engines/detect.ts';
import { chooseContainers, engineEnvironment } from './containers.ts';
import { enginePath } from './engine-path.ts';
import { runLimits } from './run-limits.ts';
import { createExecutor, detectInstalled } from './engines.ts';
import { stagingFor } from './staging.ts';
import { createStorage } from './storage.ts';
import { startWarmServers } from '../warm-servers/warm-servers.ts';

/** Readers of live logs see what a task wrote within two seconds; this is well below. */
const LOG_INTERVAL_MS = 500;

export interface RunningDaemon {
  readonly daemon: Daemon;
  readonly engines: readonly InstalledEngine[];
  /** Stops the daemon (see `Daemon.stop`), then what it kept running for its runs. */
  stop(drain?: Drain): Promise<void>;
}

/**
 * Puts the daemon together and starts it.
 * @throws Error that says what this machine lacks.
 */
export async function startDaemon(
  config: Config,
  database: Database,
  logger: Logger,
  searchPath: string | undefined,
): Promise<RunningDaemon> {
  await mkdir(config.workDir, { recursive: true, mode: 0o700 });
  const [engines, { runtime, detail }] = await Promise.all([
    detectInstalled(config),
    chooseContainers(config),
  ]);
  logger.info({ containers: detail }, 'containers looked for');
  const path = enginePath(searchPath);
  const staging = stagingFor(config, logger);
  const warm = startWarmServers(config.warmEngines ? engines : [], { logger, searchPath: path });
  const daemon = createDaemon({
    store: database.runs,
    registry: database.daemons,
    removals: database.removals,
    storage: await createStorage(config),
    executor: createExecutor(config),
    engines,
    staging,
    settings: {
      ...daemonSettings(config, path),
      warmServers: warm.addresses,
      engineEnvironment: engineEnvironment(config, runtime),
      ...(runtime !== undefined && { containers: runtime }),
    },
    logger,
  });
  try {
    await daemon.start();
  } catch (error) {
    staging.close();
    await warm.stop();
    throw error;
  }
  const stop = async (drain?: Drain): Promise<void> => {
    try {
      await daemon.stop(drain);
    } finally {
      staging.close();
      await warm.stop();
    }
  };
  return { daemon, engines, stop };
}

function daemonSettings(config: Config, searchPath: string): DaemonSettings {
  return {
    workRoot: config.workDir,
    cacheRoot: config.engineCacheDir,
    pollIntervalMs: config.daemonPollInterval * 1000,
    maxConcurrentRuns: config.daemonMaxConcurrentRuns,
    leaseSeconds: config.daemonLease,
    heartbeatSeconds: config.daemonHeartbeat,
    cancelGraceSeconds: config.cancelGrace,
    maxAttempts: config.runMaxAttempts,
    coresPerRun: config.runCores === 0 ? availableParallelism() : config.runCores,
    logIntervalMs: LOG_INTERVAL_MS,
    logMaxBytes: config.logMaxSize,
    keepWorkDirectories: config.keepWorkDirectories,
    searchPath,
    allowedFileRoots: config.allowedFileRoots,
    drain: config.daemonDrain,
    minFreeDiskBytes: config.minFreeDiskBytes,
    ...(config.stagingTimeout > 0 && { stagingTimeoutSeconds: config.stagingTimeout }),
    keepRunsDays: config.keepRunsDays,
    keepLogsDays: config.keepLogsDays,
    keepWorkDirectoriesDays: config.keepWorkDirectoriesDays,
    keepCachesDays: config.engineCacheDays,
    ...runLimits(config),
  };
}
