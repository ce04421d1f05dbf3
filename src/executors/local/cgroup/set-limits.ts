import type { JobLimits } from '../../executor.ts';
import type { Controller, Group } from './controller.ts';
import { writeControl } from './group-files.ts';

const PERIOD_MICROSECONDS = 100_000;
/** The wrapper is in the group too, and is not the job's concern. */
const WRAPPER_PROCESSES = 1;

/** The controllers without which the limits can't be kept. */
export function controllersFor(limits: JobLimits): readonly Controller[] {
  return [
    ...(limits.memoryBytes === undefined ? [] : (['memory'] as const)),
    ...(limits.cpuCores === undefined ? [] : (['cpu'] as const)),
    ...(limits.processes === undefined ? [] : (['pids'] as const)),
  ];
}

export function hasLimits(limits: JobLimits | undefined): boolean {
  return limits !== undefined && controllersFor(limits).length > 0;
}

/** @throws Error when the kernel does not take a limit. */
export async function setLimits(groups: readonly Group[], limits: JobLimits): Promise<void> {
  for (const group of groups) {
    if (group.controllers.includes('memory')) await limitMemory(group, limits.memoryBytes);
    if (group.controllers.includes('cpu')) await limitCpu(group, limits.cpuCores);
    if (group.controllers.includes('pids')) await limitProcesses(group, limits.processes);
  }
}

async function limitMemory(group: Group, bytes: number | undefined): Promise<void> {
  if (bytes === undefined) return;
  const [memory, swap, noSwap] =
    group.version === 2
      ? ['memory.max', 'memory.swap.max', '0']
      : ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes', String(bytes)];
  await writeControl(group, memory, String(bytes));
  // Kernels may be without accounting of swap; then there is no file, or it takes nothing.
  await writeControl(group, swap, noSwap).catch(() => undefined);
}

async function limitCpu(group: Group, cores: number | undefined): Promise<void> {
  if (cores === undefined) return;
  const quota = String(Math.round(cores * PERIOD_MICROSECONDS));
  const period = String(PERIOD_MICROSECONDS);
  if (group.version === 2) return writeControl(group, 'cpu.max', `${quota} ${period}`);
  await writeControl(group, 'cpu.cfs_period_us', period);
  await writeControl(group, 'cpu.cfs_quota_us', quota);
}

async function limitProcesses(group: Group, processes: number | undefined): Promise<void> {
  if (processes === undefined) return;
  await writeControl(group, 'pids.max', String(processes + WRAPPER_PROCESSES));
}
