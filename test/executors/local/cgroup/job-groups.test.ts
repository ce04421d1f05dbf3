import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Group } from '../../../../src/executors/local/cgroup/controller.ts';
import {
  groupsFromText,
  groupsToText,
  makeGroups,
  removeGroups,
  sweepGroups,
} from '../../../../src/executors/local/cgroup/job-groups.ts';
import { mergePlaces } from '../../../../src/executors/local/cgroup/places.ts';

const JOB = { runId: '0197-a', attempt: 2 };

describe('the groups of a job', () => {
  test('are read as they were written', () => {
    const groups: Group[] = [
      { version: 1, path: '/a/wes-run-0197-a-2', controllers: ['freezer'] },
      { version: 2, path: '/b:c/wes-run-0197-a-2', controllers: ['memory', 'pids'] },
    ];
    expect(groupsFromText(JOB, `7 8 host boot 1\n${groupsToText(groups)}\n`)).toEqual(groups);
  });

  test.each([
    '1:freezer:/sys/fs/cgroup/freezer',
    '1:freezer:/a/wes-run-0197-a-1',
    '2:memory:/a/wes-run-0197-a-2/..',
    '3:memory:/a/wes-run-0197-a-2',
    '2:memory:wes-run-0197-a-2',
  ])('are never others: %s', (line) => {
    expect(groupsFromText(JOB, `7 8 h b 1\n${line}\n`)).toEqual([]);
  });

  test('are one for each directory', () => {
    const at = (path: string, controller: Group['controllers'][number]): Group => ({
      version: 2,
      path,
      controllers: [controller],
    });
    expect(mergePlaces([at('/a', 'pids'), at('/b', 'cpu'), at('/a', 'memory')])).toEqual([
      { version: 2, path: '/a', controllers: ['memory', 'pids'] },
      { version: 2, path: '/b', controllers: ['cpu'] },
    ]);
  });

  test('that nobody removed are swept, and nothing else', async () => {
    const root = await mkdtemp(join(tmpdir(), 'wes-groups-'));
    const place: Group = { version: 1, path: root, controllers: ['freezer'] };
    const [empty] = await makeGroups(JOB, [place]);
    const [used] = await makeGroups({ ...JOB, attempt: 3 }, [place]);
    await mkdir(join(used?.path ?? '', 'something'));
    await mkdir(join(root, 'other'));
    await sweepGroups([place]);
    expect(existsSync(empty?.path ?? '')).toBe(true);
    await sweepGroups([place], { olderThanMs: 0 });
    expect(existsSync(empty?.path ?? '')).toBe(false);
    expect(existsSync(used?.path ?? '')).toBe(true);
    expect(existsSync(join(root, 'other'))).toBe(true);
    await expect(removeGroups(empty ? [empty] : [])).resolves.toBeUndefined();
    await rm(root, { recursive: true });
  });
});
