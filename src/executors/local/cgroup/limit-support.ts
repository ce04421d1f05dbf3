import type { JobLimits, LimitSupport } from '../../executor.ts';
import type { Controller } from './controller.ts';
import type { FindPlace } from './places.ts';
import { controllersFor } from './set-limits.ts';

const NAMES: Readonly<Record<string, string>> = { memory: 'memory', cpu: 'CPU', pids: 'process' };

const REMEDY =
  'Let the service write to its cgroup: Delegate=yes in its systemd unit, or see "Limits of a run" in docs/operations.md';

/** @throws Error that names the limits that can't be kept here, and the remedy. */
export async function requireLimits(limits: JobLimits, findPlace: FindPlace): Promise<void> {
  const { missing } = await look(controllersFor(limits), findPlace);
  if (missing.length === 0) return;
  const asked = missing.map((one) => `${NAMES[one]} limit`).join(' and the ');
  const names = missing.join(', ');
  throw new Error(
    `The ${asked} of runs can't be kept here: no writable cgroup with ${names}. ${REMEDY}.`,
  );
}

/** Which limits can be kept here, for people. */
export async function describeLimits(findPlace: FindPlace): Promise<LimitSupport> {
  const { kept, missing } = await look(['memory', 'cpu', 'pids'], findPlace);
  const freezer = await findPlace('freezer');
  return {
    kept: kept.map((one) => NAMES[one] ?? one),
    missing: missing.map((one) => NAMES[one] ?? one),
    pause: freezer ? `the freezer of cgroup v${freezer.version}` : 'SIGSTOP',
    remedy: REMEDY,
  };
}

async function look(
  controllers: readonly Controller[],
  findPlace: FindPlace,
): Promise<{ readonly kept: readonly Controller[]; readonly missing: readonly Controller[] }> {
  const kept: Controller[] = [];
  const missing: Controller[] = [];
  for (const one of controllers) ((await findPlace(one)) ? kept : missing).push(one);
  return { kept, missing };
}
