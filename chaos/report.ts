import { percentile } from '../bench/percentile.ts';
import type { ChaosClient } from './client.ts';
import type { Faults } from './faults.ts';
import type { Ledger, Violation } from './ledger.ts';
import type { ChaosOptions } from './options.ts';

type CountsByName = Readonly<Record<string, number>>;

export interface ChaosReport {
  readonly seed: number;
  readonly database: ChaosOptions['database'];
  readonly minutes: number;
  readonly plant: string | undefined;
  readonly durationSeconds: number;
  /** Kind of fault → how often it hit. */
  readonly faults: CountsByName;
  /** What this machine does not permit, with the reason. */
  readonly leftOut: readonly string[];
  /** Operation of clients → how often there was something to do. */
  readonly operations: CountsByName;
  readonly submissions: number;
  readonly runs: number;
  /** Kind of engine → number of runs. */
  readonly kinds: CountsByName;
  readonly removed: number;
  readonly attempts: number;
  /** Final state → number of runs. */
  readonly states: CountsByName;
  /** Runs whose engine was killed, or that lived while their disk was full. */
  readonly hurtRuns: number;
  readonly requests: number;
  readonly unavailable: number;
  readonly overQuota: number;
  /** Times from the kill of a daemon that had runs until none of them was under its lease. */
  readonly recovery: RecoveryFigures;
  /** Of these, those where another daemon was at work that could take the runs. */
  readonly waitingRecovery: RecoveryFigures;
  readonly violations: readonly Violation[];
}

interface RecoveryFigures {
  readonly count: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

export function makeReport(found: {
  readonly options: ChaosOptions;
  readonly durationSeconds: number;
  readonly faults: Faults;
  readonly ledger: Ledger;
  readonly clients: readonly ChaosClient[];
  readonly attempts: number;
  readonly leftOut: readonly string[];
}): ChaosReport {
  const { options, durationSeconds, faults, ledger, clients, attempts, leftOut } = found;
  const { seed, database, minutes, plant } = options;
  const accepted = ledger.runs.filter(({ runId }) => runId !== undefined);
  const counts = clients.map(({ context }) => context.api.counts);
  return {
    seed,
    database,
    minutes,
    plant,
    durationSeconds,
    faults: Object.fromEntries(faults.counts),
    leftOut,
    operations: sumByName(clients.flatMap(({ operations }) => [...operations])),
    submissions: ledger.runs.length,
    runs: accepted.length,
    kinds: countBy(accepted.map(({ plan }) => plan.kind)),
    removed: accepted.filter(({ isRemoved }) => isRemoved).length,
    attempts,
    states: countBy(accepted.map(({ end }) => end ?? 'not seen')),
    hurtRuns: accepted.filter(({ isHurt }) => isHurt).length,
    requests: sum(counts.map(({ requests }) => requests)),
    unavailable: sum(counts.map(({ unavailable }) => unavailable)),
    overQuota: sum(counts.map(({ overQuota }) => overQuota)),
    recovery: recoveryFigures(faults.recoveryMs),
    waitingRecovery: recoveryFigures(faults.waitingRecoveryMs),
    violations: ledger.violations,
  };
}

export function renderReport(report: ChaosReport): string {
  const { recovery, waitingRecovery, violations } = report;
  const lines = [
    `seed ${report.seed}, ${report.database}, ${report.minutes} minutes (${Math.round(report.durationSeconds)} s in all)`,
    `faults:      ${shown(report.faults)}`,
    ...report.leftOut.map((reason) => `left out:    ${reason}`),
    `operations:  ${shown(report.operations)}`,
    `runs:        ${report.runs} of ${report.submissions} submissions (${shown(report.kinds)}), ${report.attempts} attempts, ${report.hurtRuns} hurt, ${report.removed} removed`,
    `ended:       ${shown(report.states)}`,
    `requests:    ${report.requests}, of which ${report.unavailable} found nobody or 503, ${report.overQuota} a full queue`,
    `recovery:    ${times(recovery)}`,
    `  by waiting: ${times(waitingRecovery)}`,
    `violations:  ${violations.length}`,
  ];
  for (const { rule, runId, detail, evidence } of violations) {
    lines.push(`  ${rule}: ${runId ?? ''} ${detail}`, ...evidence.map((line) => `      ${line}`));
  }
  return `${lines.join('\n')}\n`;
}

function recoveryFigures(measured: readonly number[]): RecoveryFigures {
  if (measured.length === 0) return { count: 0 };
  const at = (percent: number) => Math.round(percentile(measured, percent));
  return { count: measured.length, p50Ms: at(50), p99Ms: at(99) };
}

function times({ count, p50Ms, p99Ms }: RecoveryFigures): string {
  return `${count} daemons with runs, p50 ${p50Ms ?? '–'} ms, p99 ${p99Ms ?? '–'} ms`;
}

function shown(values: CountsByName): string {
  return Object.entries(values)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

function countBy(values: readonly string[]): CountsByName {
  return sumByName(values.map((value) => [value, 1]));
}

function sumByName(entries: readonly (readonly [string, number])[]): CountsByName {
  const sums: Record<string, number> = {};
  for (const [name, count] of entries) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
