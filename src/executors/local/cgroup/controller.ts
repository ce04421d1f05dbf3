/** What of cgroups the executor uses. `freezer` stands for stopping all processes of a group as one. */
export type Controller = 'memory' | 'cpu' | 'pids' | 'freezer';

export const CONTROLLERS: readonly Controller[] = ['memory', 'cpu', 'pids', 'freezer'];

/** A group: a directory of one cgroup hierarchy, and what it is used for there. */
export interface Group {
  readonly version: 1 | 2;
  readonly path: string;
  readonly controllers: readonly Controller[];
}
