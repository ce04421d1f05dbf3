import { homedir } from 'node:os';
import { ConfigError, type Config } from '../../config.ts';
import {
  askRuntime,
  runtimeEnvironment,
  type RuntimeFinding,
} from '../../engines/container-runtime.ts';
import { CONTAINER_RUNTIMES, type ContainerRuntime, type Probe } from '../../engines/engine.ts';
import { createProbe } from '../engines/probe.ts';
import { jobLimits } from './run-limits.ts';

/** A runtime that says nothing for so long does not work. */
const TIMEOUT_SECONDS = 20;

type ContainerConfig = Pick<
  Config,
  'containers' | 'executor' | 'runMemoryLimitBytes' | 'runCpuLimit' | 'runProcessLimit'
>;

/** What runs containers for a daemon, and in words for people. */
export interface ContainerChoice {
  readonly runtime?: ContainerRuntime;
  readonly detail: string;
}

/**
 * Finds what CONTAINERS asks for on this machine.
 * @throws ConfigError for a runtime that was named and does not work here, or not with these settings
 */
export async function chooseContainers(
  config: ContainerConfig,
  probe: Probe = createProbe({ timeoutSeconds: TIMEOUT_SECONDS }),
): Promise<ContainerChoice> {
  const { containers, executor } = config;
  if (containers === 'none' || executor === 'fake') return { detail: 'none: tasks run without' };
  if (containers === 'auto') return chooseFirst(config, probe);
  if (!canLimit(containers, config))
    throw new ConfigError([`CONTAINERS: ${NO_LIMITS(containers)}`]);
  const finding = await askRuntime(containers, probe);
  if (finding.version !== undefined) return chosen(finding);
  throw new ConfigError([
    `CONTAINERS: ${finding.problem}. ${REMEDIES[containers]}, or set CONTAINERS=auto or none.`,
  ]);
}

async function chooseFirst(config: ContainerConfig, probe: Probe): Promise<ContainerChoice> {
  const findings = await Promise.all(
    CONTAINER_RUNTIMES.map((runtime) => askRuntime(runtime, probe)),
  );
  const working = findings.filter((one) => one.version !== undefined);
  const usable = working.find(({ runtime }) => canLimit(runtime, config));
  if (usable !== undefined) return chosen(usable);
  const [first] = working;
  if (first !== undefined) return { detail: `none: ${NO_LIMITS(first.runtime)}` };
  return { detail: `none: no ${CONTAINER_RUNTIMES.join(', ')} works here` };
}

function chosen({ runtime, version = '' }: RuntimeFinding): ContainerChoice {
  return { runtime, detail: `${runtime} ${version}` };
}

const REMEDIES: Readonly<Record<ContainerRuntime, string>> = {
  docker: "Start Docker's daemon and let this user reach it",
  podman: 'Install Podman and mend what it says',
  singularity: 'Install Singularity and put it on the PATH',
  apptainer: 'Install Apptainer and put it on the PATH',
};

/** Containers of Docker and Podman are in no cgroup of the run. */
function canLimit(runtime: ContainerRuntime, config: ContainerConfig): boolean {
  const isLimited = Object.keys(jobLimits(config)).length > 0;
  return !isLimited || runtime === 'singularity' || runtime === 'apptainer';
}

const NO_LIMITS = (runtime: ContainerRuntime): string =>
  `containers of ${runtime} can't be held to RUN_MEMORY_LIMIT_BYTES, RUN_CPU_LIMIT and RUN_PROCESS_LIMIT; take those away, or set CONTAINERS=none, singularity or apptainer`;

/** What engines get of the daemon's environment: what the operator names, and what the runtime needs. */
export function engineEnvironment(
  { engineEnvironment: names }: Pick<Config, 'engineEnvironment'>,
  runtime: ContainerRuntime | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): Readonly<Record<string, string>> {
  const named = names.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const home = environment.HOME ?? homedir();
  return {
    ...Object.fromEntries(named),
    ...(runtime !== undefined && runtimeEnvironment(runtime, environment, home)),
  };
}
