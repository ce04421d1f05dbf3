import type { ContainerRuntime, Probe } from './engine.ts';

/** What a machine says about one way to run containers. */
export type RuntimeFinding =
  | { readonly runtime: ContainerRuntime; readonly version: string }
  | { readonly runtime: ContainerRuntime; readonly version: undefined; readonly problem: string };

/** Commands that work only where containers can be run: with Docker, where its daemon answers. */
const QUESTIONS: Readonly<Record<ContainerRuntime, readonly string[]>> = {
  docker: ['docker', 'version', '--format', '{{.Server.Version}}'],
  podman: ['podman', 'info', '--format', '{{.Version.Version}}'],
  singularity: ['singularity', '--version'],
  apptainer: ['apptainer', '--version'],
};

export async function askRuntime(runtime: ContainerRuntime, probe: Probe): Promise<RuntimeFinding> {
  const answer = await probe(QUESTIONS[runtime]);
  if (answer === undefined) {
    return { runtime, version: undefined, problem: `${runtime} is not installed` };
  }
  const version = /\d+\.\d+\S*/.exec(answer.stdout)?.[0];
  if (answer.exitCode === 0 && version !== undefined) return { runtime, version };
  const words = answer.stderr.trim().split('\n').at(-1) ?? '';
  const said = words === '' ? `exit code ${answer.exitCode}` : words;
  const command = QUESTIONS[runtime].slice(0, 2).join(' ');
  return { runtime, version: undefined, problem: `\`${command}\` does not work: ${said}` };
}

/** Where these programs look for images and credentials by the home directory, when nothing else is said. */
const PLACES_AT_HOME: Readonly<Record<ContainerRuntime, Readonly<Record<string, string>>>> = {
  docker: { DOCKER_CONFIG: '.docker' },
  podman: { XDG_DATA_HOME: '.local/share', XDG_CONFIG_HOME: '.config' },
  singularity: { SINGULARITY_CACHEDIR: '.singularity/cache' },
  apptainer: { APPTAINER_CACHEDIR: '.apptainer/cache' },
};

const SETTINGS: Readonly<Record<ContainerRuntime, readonly string[]>> = {
  docker: ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH'],
  podman: [
    ...['XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS', 'REGISTRY_AUTH_FILE'],
    ...['CONTAINERS_CONF', 'CONTAINERS_STORAGE_CONF', 'CONTAINERS_REGISTRIES_CONF'],
  ],
  singularity: ['SINGULARITY_CONFIGDIR', 'SINGULARITY_TMPDIR', 'CWL_SINGULARITY_CACHE'],
  apptainer: ['APPTAINER_CONFIGDIR', 'APPTAINER_TMPDIR', 'CWL_SINGULARITY_CACHE'],
};

/**
 * What a runtime needs of the daemon's environment so that an engine with a home of its own uses the
 * same daemon, images and credentials.
 */
export function runtimeEnvironment(
  runtime: ContainerRuntime,
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
): Readonly<Record<string, string>> {
  const places = Object.entries(PLACES_AT_HOME[runtime]).map(
    ([name, place]) => [name, environment[name] ?? `${home}/${place}`] as const,
  );
  const settings = SETTINGS[runtime].flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries([...places, ...settings]);
}
