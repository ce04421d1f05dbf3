import { percentile } from '../bench/percentile.ts';
import type { ChaosOptions } from './options.ts';
import type { Violation } from './ledger.ts';

export interface ChaosReport {
  readonly seed: number;
  readonly database: ChaosOptions['database'];
  readonly minutes: number;
  readonly plant: string | undefined;
  readonly durationSeconds: number;
  /** Kind of fault → how often it hit. */
  readonly faults: Readonly<Record<string, number>>;
  readonly submissions: number;
  readonly runs: number;
  readonly attempts: number;
  /** Final state → number of runs. */
  readonly states: Readonly<Record<string, number>>;
  readonly hurtRuns: number;
  readonly requests: number;
  readonly unavailable: number;
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

export function recoveryFigures(times: readonly number[]): RecoveryFigures {
  if (times.length === 0) return { count: 0 };
  const at = (percent: number) => Math.round(percentile(times, percent));
  return { count: times.length, p50Ms: at(50), p99Ms: at(99) };
}

export function renderReport(report: ChaosReport): string {
  const { recovery, waitingRecovery, violations } = report;
  const times = ({ count, p50Ms, p99Ms }: RecoveryFigures) =>
    `${count} daemons with runs, p50 ${p50Ms ?? '–'} ms, p99 ${p99Ms ?? '–'} ms`;
  const counts = (values: Readonly<Record<string, number>>) =>
    Object.entries(values)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  const lines = [
    `seed ${report.seed}, ${report.database}, ${report.minutes} minutes (${Math.round(report.durationSeconds)} s in all)`,
    `faults:      ${counts(report.faults)}`,
    `runs:        ${report.runs} of ${report.submissions} submissions, ${report.attempts} attempts, ${report.hurtRuns} with a killed engine`,
    `ended:       ${counts(report.states)}`,
    `requests:    ${report.requests}, of which ${report.unavailable} found nobody or 503`,
    `recovery:    ${times(recovery)}`,
    `  by waiting: ${times(waitingRecovery)}`,
    `violations:  ${violations.length}`,
  ];
  for (const { rule, runId, detail, evidence } of violations) {
    lines.push(`  ${rule}: ${runId ?? ''} ${detail}`, ...evidence.map((line) => `      ${line}`));
  }
  return `${lines.join('\n')}\n`;
}
