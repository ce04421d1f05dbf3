import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runtimeEnvironment } from '../../src/engines/container-runtime.ts';
import { until } from './until.ts';

const execute = promisify(execFile);

export type TestedRuntime = 'docker' | 'podman';

/** A way to run containers, with an image, which nothing else on the machine sees. */
export interface TestContainers {
  readonly runtime: TestedRuntime;
  /** Name of an image with a shell and the usual tools. */
  readonly image: string;
  /** What an engine needs of the environment, as the daemon would give it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ids of all containers, ended ones too. */
  ids(): Promise<readonly string[]>;
  command(...words: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

export type FoundContainers =
  | { readonly open: () => Promise<TestContainers>; readonly missing: undefined }
  | {
      readonly open: undefined;
      readonly missing: string;
      /** It is installed: no package would help. */
      readonly isInstalled: boolean;
    };

/** Looks by really running a container. The environment of this process is changed while one is open. */
export async function findContainers(runtime: TestedRuntime): Promise<FoundContainers> {
  const programs = runtime === 'docker' ? ['docker', 'dockerd'] : ['podman'];
  for (const program of [...programs, 'tar', 'ldd']) {
    if (!(await isInstalled(program))) {
      return { open: undefined, missing: `${program} is not installed`, isInstalled: false };
    }
  }
  const open = runtime === 'docker' ? openDocker : openPodman;
  try {
    await (await open()).close();
    return { open, missing: undefined };
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    const missing = `${runtime} can't run containers here: ${said.trim() || String(error)}`;
    return { open: undefined, missing, isInstalled: true };
  }
}

/** For `describeWith`: only what a package could bring is asked for in CI. */
export function containersMissing(found: FoundContainers): {
  readonly missing: string | undefined;
  readonly options: { readonly extra: boolean };
} {
  return {
    missing: found.missing,
    options: { extra: found.open === undefined && found.isInstalled },
  };
}

async function isInstalled(program: string): Promise<boolean> {
  return await execute('sh', ['-c', 'command -v "$1"', 'sh', program]).then(
    () => true,
    () => false,
  );
}

/** Limits as they are in small virtual machines, too. */
const ULIMITS = 'default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]';

async function openPodman(): Promise<TestContainers> {
  const root = await mkdtemp(join(tmpdir(), 'wes-podman-'));
  const storage = [`graphroot = "${root}/images"`, `runroot = "${root}/run"`, 'driver = "overlay"'];
  await writeFile(join(root, 'storage.conf'), `[storage]\n${storage.join('\n')}\n`);
  let failure: unknown;
  // The standard one needs cgroups in a form that not every machine has.
  for (const ociRuntime of ['crun', 'runc']) {
    const engine = [
      `tmp_dir = "${root}/tmp"`,
      'events_logger = "none"',
      `runtime = "${ociRuntime}"`,
    ];
    const cgroups = process.getuid?.() === 0 ? ['cgroup_manager = "cgroupfs"'] : [];
    const lines = ['[containers]', ULIMITS, 'netns = "none"', '[engine]', ...engine, ...cgroups];
    await writeFile(join(root, 'containers.conf'), `${lines.join('\n')}\n`);
    const restore = setEnvironment({
      CONTAINERS_CONF: join(root, 'containers.conf'),
      CONTAINERS_STORAGE_CONF: join(root, 'storage.conf'),
    });
    const close = async (): Promise<void> => {
      await execute('podman', ['rm', '--all', '--force', '--time', '0']).catch(() => undefined);
      await execute('podman', ['rmi', '--all', '--force']).catch(() => undefined);
      restore();
      await rm(root, { recursive: true, force: true });
    };
    try {
      return await containersOf('podman', close);
    } catch (error) {
      failure = error;
      await execute('podman', ['rm', '--all', '--force']).catch(() => undefined);
      restore();
    }
  }
  await rm(root, { recursive: true, force: true });
  throw failure;
}

/** A daemon of its own, which needs root and leaves the machine's network alone. */
async function openDocker(): Promise<TestContainers> {
  const root = await mkdtemp(join(tmpdir(), 'wes-docker-'));
  const host = `unix://${root}/socket`;
  const places = ['--data-root', `${root}/data`, '--exec-root', `${root}/exec`];
  const isolation = ['--bridge=none', '--iptables=false', '--default-ulimit=nofile=20000:20000'];
  const words = ['--host', host, '--pidfile', `${root}/pid`, ...places, ...isolation];
  const daemon = spawn('dockerd', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  daemon.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-2000)));
  const ended = once(daemon, 'exit');
  const restore = setEnvironment({ DOCKER_HOST: host });
  const close = async (): Promise<void> => {
    restore();
    daemon.kill('SIGTERM');
    await ended;
    await rm(root, { recursive: true, force: true });
  };
  try {
    await until(
      async () => {
        if (daemon.exitCode !== null) throw new Error(log);
        return await access(`${root}/socket`).then(
          () =>
            execute('docker', ['version']).then(
              () => true,
              () => false,
            ),
          () => false,
        );
      },
      { timeoutMs: 20_000, message: log },
    );
    return await containersOf('docker', close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function containersOf(
  runtime: TestedRuntime,
  close: () => Promise<void>,
): Promise<TestContainers> {
  const image = 'docker.io/library/wes-test:1';
  await importImage(runtime, image);
  const command = async (...words: readonly string[]): Promise<string> =>
    (await execute(runtime, words)).stdout;
  await command('run', '--rm', '--net=none', image, 'true');
  return {
    runtime,
    image,
    environment: runtimeEnvironment(runtime, process.env, process.env.HOME ?? '/'),
    ids: async () =>
      (await command('ps', '--all', '--quiet')).split('\n').filter((id) => id !== ''),
    command,
    close,
  };
}

function setEnvironment(variables: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}

/** Only processes in the image have it in their environment. */
const IMAGE_MARK = 'IN_THE_IMAGE=yes';

/** The machine's own programs, in an image that needs no registry. */
const PROGRAMS = [
  ...['/bin/sh', '/bin/bash'],
  ...['sleep', 'seq', 'cat', 'head', 'cp', 'mv', 'rm', 'ls', 'mkdir', 'env', 'id', 'true'].map(
    (name) => `/usr/bin/${name}`,
  ),
];

async function importImage(runtime: TestedRuntime, image: string): Promise<void> {
  const libraries = await Promise.all(PROGRAMS.map(librariesOf));
  const files = [...new Set([...PROGRAMS, ...libraries.flat()])].map((path) => path.slice(1));
  const script = `tar --create --dereference --directory / "$@" |
    $runtime import --change ENV\\ PATH=/usr/bin:/bin --change ENV\\ ${IMAGE_MARK} - "$image"`;
  await execute('sh', ['-c', script, 'sh', ...files], {
    env: { ...process.env, runtime, image },
  });
}

async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await execute('ldd', [program]).catch(() => ({ stdout: '' }));
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
}
