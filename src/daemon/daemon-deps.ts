import type { Logger } from 'pino';
import type { InstalledEngine } from '../engines/detect.ts';
import type { EngineContext, EngineInstallation } from '../engines/engine.ts';
import type { Executor, JobLimits } from '../executors/executor.ts';
import type { DaemonRegistry } from '../runs/daemon-registry.ts';
import type { Removals } from '../runs/removals.ts';
import type { ConcurrencyLimits, RunStore } from '../runs/run-store.ts';
import type { Staging } from '../staging/staging.ts';
import type { Storage } from '../storage/storage.ts';

export interface DaemonDeps {
  readonly store: RunStore;
  readonly registry: DaemonRegistry;
  readonly removals: Removals;
  readonly storage: Storage;
  readonly executor: Executor;
  readonly engines: readonly InstalledEngine[];
  readonly staging: Staging;
  readonly settings: DaemonSettings;
  readonly logger: Logger;
  /** Milliseconds since the epoch, for what is written down; `Date.now` by default. */
  readonly now?: () => number;
  /** Milliseconds from any beginning, never set back, for leases; `performance.now` by default. */
  readonly monotonicNow?: () => number;
}

export interface DaemonSettings {
  /** Absolute directory for the private directories of runs. */
  readonly workRoot: string;
  /** Absolute directory for the results that runs keep for those that repeat them. */
  readonly cacheRoot: string;
  readonly pollIntervalMs: number;
  readonly maxConcurrentRuns: number;
  /** How long a daemon may be silent before its runs are taken over; several heartbeats. */
  readonly leaseSeconds: number;
  readonly heartbeatSeconds: number;
  readonly cancelGraceSeconds: number;
  /** How often a run is started again after its job was lost. */
  readonly maxAttempts: number;
  readonly coresPerRun: number;
  /** How often growing logs are copied to storage. */
  readonly logIntervalMs: number;
  /** What is kept of one log, but for its end; 0 or absent for all of it. */
  readonly logMaxBytes?: number;
  readonly keepWorkDirectories: 'never' | 'failed' | 'always';
  /** PATH of engines and their tools. */
  readonly searchPath: string;
  readonly allowedFileRoots: readonly string[];
  /** Addresses of the warm servers of installations that have one running. */
  readonly warmServers?: ReadonlyMap<EngineInstallation, string>;
  /** How tasks run in containers; without, they are processes of the machine. */
  readonly containers?: NonNullable<EngineContext['containers']>;
  /** What of the daemon's environment engines get. */
  readonly engineEnvironment?: Readonly<Record<string, string>>;
  readonly drain: Drain;
  /** How many runs may be under a lease in the whole deployment. */
  readonly concurrencyLimits?: ConcurrencyLimits;
  /** What each run may take of its machine. */
  readonly jobLimits?: JobLimits;
  /** How long an engine may work on a run; for ever by default. */
  readonly runTimeoutSeconds?: number;
  /** How long all that is fetched for a run may take; for ever by default. */
  readonly stagingTimeoutSeconds?: number;
  /** With less free space below `workRoot` no run is begun; 0, the default, for no such limit. */
  readonly minFreeDiskBytes?: number;
  /** Days after its end at which a run, its logs, its kept work directories are removed; 0, the default, for never. */
  readonly keepRunsDays?: number;
  readonly keepLogsDays?: number;
  readonly keepWorkDirectoriesDays?: number;
  /** Days after its last use at which a cache is removed; 0, the default, for never. */
  readonly keepCachesDays?: number;
  /** Pauses between attempts when storage fails; about a minute in all by default. */
  readonly storageRetryPausesMs?: readonly number[];
}

/**
 * What a stopping daemon does with its runs: `handover` leaves running engines to the next daemon on
 * this host, `wait` sees them to their end.
 */
export type Drain = 'handover' | 'wait';

/** The parts with every default filled in. */
export type DaemonParts = Required<DaemonDeps>;

export function daemonParts(deps: DaemonDeps): DaemonParts {
  return { now: Date.now, monotonicNow: () => performance.now(), ...deps };
}
