import { ConfigError, type Config } from '../../config.ts';
import type { DaemonSettings } from '../../daemon/daemon-deps.ts';
import type { JobLimits } from '../../executors/executor.ts';
import type { ConcurrencyLimits } from '../../runs/run-store.ts';

type RunLimits = Pick<DaemonSettings, 'concurrencyLimits' | 'jobLimits' | 'runTimeoutSeconds'>;

/**
 * What runs may take, alone and together; 0 in the configuration is no limit.
 * @throws ConfigError for an ENGINE_MAX_CONCURRENT_RUNS that can't be read
 */
export function runLimits(config: Config): RunLimits {
  const concurrencyLimits = concurrency(config);
  const ofOneJob = jobLimits(config);
  return {
    ...(Object.keys(concurrencyLimits).length > 0 && { concurrencyLimits }),
    ...(Object.keys(ofOneJob).length > 0 && { jobLimits: ofOneJob }),
    ...(config.runTimeout > 0 && { runTimeoutSeconds: config.runTimeout }),
  };
}

function concurrency(config: Config): ConcurrencyLimits {
  const perEngine = Object.fromEntries(config.engineMaxConcurrentRuns.map(engineLimit));
  return {
    ...(config.userMaxConcurrentRuns > 0 && { perOwner: config.userMaxConcurrentRuns }),
    ...(Object.keys(perEngine).length > 0 && { perEngine }),
  };
}

function engineLimit(text: string): readonly [string, number] {
  const [, engine, number] = /^([^=]+)=([1-9]\d{0,8})$/.exec(text) ?? [];
  if (engine === undefined) {
    throw new ConfigError([
      `ENGINE_MAX_CONCURRENT_RUNS: '${text}' is not of the form engine=number, as in cwltool=4`,
    ]);
  }
  return [engine, Number(number)];
}

export function jobLimits(
  config: Pick<Config, 'runMemoryLimitBytes' | 'runCpuLimit' | 'runProcessLimit'>,
): JobLimits {
  return {
    ...(config.runMemoryLimitBytes > 0 && { memoryBytes: config.runMemoryLimitBytes }),
    ...(config.runCpuLimit > 0 && { cpuCores: config.runCpuLimit }),
    ...(config.runProcessLimit > 0 && { processes: config.runProcessLimit }),
  };
}
