import { posix } from 'node:path';
import { CONTROLLERS, type Group } from './controller.ts';

/**
 * The groups in which a process is, as directories: one for each version 1 hierarchy with a controller
 * of ours, and the one of version 2, which may have any of them. Groups outside what is mounted (a
 * container may see a part only) are left out.
 *
 * @param cgroup text of /proc/<pid>/cgroup
 * @param mountinfo text of /proc/<pid>/mountinfo
 */
export function ownGroups(cgroup: string, mountinfo: string): readonly Group[] {
  const mounts = mountinfo.split('\n').flatMap(parseMount);
  return cgroup.split('\n').flatMap((line) => {
    const membership = parseMembership(line);
    if (!membership) return [];
    const { version, names, group } = membership;
    const mount = mounts.find(
      (one) => one.version === version && names.every((name) => one.options.includes(name)),
    );
    const path = mount && directoryOf(mount, group);
    if (path === undefined) return [];
    const controllers =
      version === 2 ? CONTROLLERS : CONTROLLERS.filter((one) => names.includes(one));
    return controllers.length === 0 ? [] : [{ version, path, controllers }];
  });
}

interface Membership {
  readonly version: 1 | 2;
  readonly names: readonly string[];
  readonly group: string;
}

/** `4:memory:/a` of version 1, `0::/a` of version 2 (cgroups(7)). */
function parseMembership(line: string): Membership | undefined {
  const [, id, names = '', group] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
  if (id === undefined || group === undefined) return undefined;
  return { version: id === '0' && names === '' ? 2 : 1, names: names.split(','), group };
}

interface Mount {
  readonly version: 1 | 2;
  /** The group that is seen at the mount point. */
  readonly root: string;
  readonly point: string;
  readonly options: readonly string[];
}

/** A line of proc_pid_mountinfo(5); the fields after ` - ` are type, source and the hierarchy's options. */
function parseMount(line: string): readonly Mount[] {
  const [own = '', kind = ''] = line.split(' - ');
  const [, , , root, point] = own.split(' ');
  const [type, , options = ''] = kind.split(' ');
  if (root === undefined || point === undefined) return [];
  const place = { root: unescape(root), point: unescape(point) };
  if (type === 'cgroup2') return [{ ...place, version: 2, options: [''] }];
  return type === 'cgroup' ? [{ ...place, version: 1, options: options.split(',') }] : [];
}

/** mountinfo writes blanks and backslashes as octal numbers. */
function unescape(text: string): string {
  return text.replaceAll(/\\(\d{3})/g, (_whole, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  );
}

function directoryOf({ root, point }: Mount, group: string): string | undefined {
  const below = posix.relative(root, group);
  const isOutside = [group, below].some((path) => path.split('/').includes('..'));
  return isOutside ? undefined : posix.join(point, below);
}
