import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProbe } from '../../../src/cli/engines/probe.ts';
import { chooseContainers, engineEnvironment } from '../../../src/cli/wiring/containers.ts';
import { ConfigError, loadConfig } from '../../../src/config.ts';

let programs = '';
beforeEach(async () => {
  programs = await mkdtemp(join(tmpdir(), 'wes-programs-'));
});
afterEach(() => rm(programs, { recursive: true }));

async function install(name: string, script: string): Promise<void> {
  await writeFile(join(programs, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(programs, name), 0o755);
}

const choose = (environment: Readonly<Record<string, string>> = {}) =>
  chooseContainers(
    loadConfig({ environment }),
    createProbe({ environment: { PATH: programs }, timeoutSeconds: 10 }),
  );

const NO_SERVER = 'echo "Cannot connect to the Docker daemon" >&2; exit 1';

describe('CONTAINERS', () => {
  test('auto takes the first that works', async () => {
    expect(await choose()).toEqual({
      detail: 'none: no docker, podman, singularity, apptainer works here',
    });
    await install('apptainer', 'echo apptainer version 1.3.4-1');
    expect(await choose()).toEqual({ runtime: 'apptainer', detail: 'apptainer 1.3.4-1' });
    await install('docker', NO_SERVER);
    await install('podman', 'echo 4.3.1');
    expect(await choose()).toEqual({ runtime: 'podman', detail: 'podman 4.3.1' });
  });

  test('none looks for nothing', async () => {
    await install('podman', 'echo 4.3.1');
    expect((await choose({ CONTAINERS: 'none' })).runtime).toBeUndefined();
  });

  test('one that is named and does not work is an error with what it said', async () => {
    await expect(choose({ CONTAINERS: 'podman' })).rejects.toThrow(
      new ConfigError([
        'CONTAINERS: podman is not installed. Install Podman and mend what it says, or set CONTAINERS=auto or none.',
      ]),
    );
    await install('docker', NO_SERVER);
    await expect(choose({ CONTAINERS: 'docker' })).rejects.toThrow(
      "`docker version` does not work: Cannot connect to the Docker daemon. Start Docker's daemon",
    );
  });

  test('limits of runs are not given up for containers that they do not reach', async () => {
    const limited = { RUN_MEMORY_LIMIT_BYTES: '1000000000' };
    await install('docker', 'echo 20.10');
    await expect(choose({ ...limited, CONTAINERS: 'docker' })).rejects.toThrow(
      /CONTAINERS: containers of docker can't be held to RUN_MEMORY_LIMIT_BYTES/,
    );
    expect((await choose(limited)).detail).toMatch(/^none: containers of docker can't be held/);
    await install('singularity', 'echo singularity-ce version 4.1.0');
    expect((await choose(limited)).runtime).toBe('singularity');
  });
});

describe('ENGINE_ENVIRONMENT', () => {
  const config = (ENGINE_ENVIRONMENT?: string) =>
    loadConfig({ environment: { ENGINE_ENVIRONMENT } });
  const environment = { HOME: '/home/wes', https_proxy: 'p', SECRET: 's', DOCKER_HOST: 'h' };

  test('lets through proxies by default, and what is named; only what is set', () => {
    expect(engineEnvironment(config(), undefined, environment)).toEqual({ https_proxy: 'p' });
    expect(engineEnvironment(config('SECRET,OTHER'), undefined, environment)).toEqual({
      SECRET: 's',
    });
  });

  test('what runs containers finds its daemon, images and credentials', () => {
    expect(engineEnvironment(config(','), 'docker', environment)).toEqual({
      DOCKER_HOST: 'h',
      DOCKER_CONFIG: '/home/wes/.docker',
    });
    expect(engineEnvironment(config(','), 'podman', environment)).toEqual({
      XDG_DATA_HOME: '/home/wes/.local/share',
      XDG_CONFIG_HOME: '/home/wes/.config',
    });
  });
});
