import { describe, expect, test } from 'vitest';
import { ownGroups } from '../../../../src/executors/local/cgroup/own-groups.ts';

const ALL = ['memory', 'cpu', 'pids', 'freezer'];

describe('the groups of a process', () => {
  test('of version 2 are one, below its mount', () => {
    const mounts =
      '29 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n';
    expect(ownGroups('0::/system.slice/wes.service\n', mounts)).toEqual([
      { version: 2, path: '/sys/fs/cgroup/system.slice/wes.service', controllers: ALL },
    ]);
  });

  test('of version 1 are one for each hierarchy, and may differ', () => {
    const cgroup = '8:pids:/a\n6:freezer:/\n4:memory:/b/c\n2:cpu,cpuacct:/d\n1:name=systemd:/e\n';
    const mounts = [
      '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
      '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct',
      '37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime shared:9 - cgroup cgroup rw,freezer',
      '39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids',
      '40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd',
    ].join('\n');
    expect(ownGroups(cgroup, mounts)).toEqual([
      { version: 1, path: '/sys/fs/cgroup/pids/a', controllers: ['pids'] },
      { version: 1, path: '/sys/fs/cgroup/freezer', controllers: ['freezer'] },
      { version: 1, path: '/sys/fs/cgroup/memory/b/c', controllers: ['memory'] },
      { version: 1, path: '/sys/fs/cgroup/cpu,cpuacct/d', controllers: ['cpu'] },
    ]);
  });

  test('are of both versions on a machine with both', () => {
    const mounts = [
      '35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
      '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    ].join('\n');
    expect(ownGroups('4:memory:/b\n0::/u\n', mounts).map(({ path }) => path)).toEqual([
      '/sys/fs/cgroup/memory/b',
      '/sys/fs/cgroup/unified/u',
    ]);
  });

  test('in a container are below the group that is mounted there', () => {
    const mounts = '35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n';
    expect(ownGroups('4:memory:/docker/abc/x\n', mounts)).toMatchObject([
      { path: '/sys/fs/cgroup/memory/x' },
    ]);
    expect(ownGroups('4:memory:/docker/abcd\n', mounts)).toEqual([]);
    expect(ownGroups('0::/../other\n', '1 2 0:3 / /g rw - cgroup2 cgroup2 rw\n')).toEqual([]);
  });

  test('have the blanks and backslashes of their mount points', () => {
    const mounts = String.raw`29 23 0:26 / /a\040b\134c rw - cgroup2 cgroup2 rw`;
    expect(ownGroups('0::/d e\n', mounts)).toMatchObject([{ path: String.raw`/a b\c/d e` }]);
  });

  test('are none where nothing is mounted, or nothing can be read', () => {
    expect(ownGroups('0::/\n', '')).toEqual([]);
    expect(ownGroups('', '29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n')).toEqual([]);
    expect(ownGroups('nonsense\n4:memory\n', 'nonsense\n - \n')).toEqual([]);
  });
});
