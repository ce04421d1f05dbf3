import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { JobLimits } from '../../../../src/executors/executor.ts';
import type { Group } from '../../../../src/executors/local/cgroup/controller.ts';
import { ranOutOfMemory } from '../../../../src/executors/local/cgroup/out-of-memory.ts';
import { setLimits } from '../../../../src/executors/local/cgroup/set-limits.ts';

const ALL: JobLimits = { memoryBytes: 67_108_864, cpuCores: 1.5, processes: 10 };

/** What is written where, told from files of the kernel's names in a directory of our own. */
async function written(
  version: Group['version'],
  files: Readonly<Record<string, string>>,
  limits: JobLimits,
): Promise<Record<string, string>> {
  const path = await mkdtemp(join(tmpdir(), 'wes-set-limits-'));
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
    await setLimits([{ version, path, controllers: ['memory', 'cpu', 'pids'] }], limits);
    const names = await readdir(path);
    const texts = names.map(async (name) => [name, await readFile(join(path, name), 'utf8')]);
    return Object.fromEntries(await Promise.all(texts));
  } finally {
    await rm(path, { recursive: true });
  }
}

describe('limits', () => {
  const v2 = { 'memory.max': '', 'memory.swap.max': '', 'cpu.max': '', 'pids.max': '' };
  const v1 = {
    'memory.limit_in_bytes': '',
    'memory.memsw.limit_in_bytes': '',
    'cpu.cfs_period_us': '',
    'cpu.cfs_quota_us': '',
    'pids.max': '',
  };

  test('of version 2 leave no swap, and room for the wrapper', async () => {
    expect(await written(2, v2, ALL)).toEqual({
      'memory.max': '67108864',
      'memory.swap.max': '0',
      'cpu.max': '150000 100000',
      'pids.max': '11',
    });
  });

  test('of version 1 count swap as memory', async () => {
    expect(await written(1, v1, ALL)).toEqual({
      'memory.limit_in_bytes': '67108864',
      'memory.memsw.limit_in_bytes': '67108864',
      'cpu.cfs_period_us': '100000',
      'cpu.cfs_quota_us': '150000',
      'pids.max': '11',
    });
  });

  test('that are not asked for are not set', async () => {
    expect(await written(2, v2, {})).toEqual(v2);
    expect(await written(1, v1, { processes: 3 })).toEqual({ ...v1, 'pids.max': '4' });
  });

  test('need no accounting of swap, but everything else', async () => {
    const { 'memory.swap.max': _swap, ...noSwap } = v2;
    expect(await written(2, noSwap, ALL)).toMatchObject({ 'memory.max': '67108864' });
    const { 'cpu.max': _cpu, ...noCpu } = v2;
    await expect(written(2, noCpu, ALL)).rejects.toThrow(/cpu\.max/);
  });
});

describe('being out of memory', () => {
  test.each<[Group['version'], string, string, boolean]>([
    [2, 'memory.events', 'low 0\nhigh 0\nmax 12\noom 2\noom_kill 2\noom_group_kill 0\n', true],
    [2, 'memory.events', 'low 0\nhigh 0\nmax 12\noom 2\noom_kill 0\noom_group_kill 0\n', false],
    [1, 'memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n', true],
    [1, 'memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 0\n', false],
  ])('is read from version %i, %s: %j', async (version, file, text, expected) => {
    const path = await mkdtemp(join(tmpdir(), 'wes-oom-'));
    await writeFile(join(path, file), text);
    expect(await ranOutOfMemory([{ version, path, controllers: ['memory'] }])).toBe(expected);
    expect(await ranOutOfMemory([{ version, path, controllers: ['pids'] }])).toBe(false);
    await rm(path, { recursive: true });
  });
});
