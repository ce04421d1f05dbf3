import { isTerminal, type State } from '../src/runs/state.ts';
import type { RunPlan } from './workload.ts';

/** What the clients know of a run: what they asked for, and what they were told. */
export class KnownRun {
  readonly plan: RunPlan;
  /** Undefined as long as no 200 told it. */
  runId: string | undefined;
  isCancelTried = false;
  /** When a cancel was answered with 200, by the wall clock. */
  cancelAcceptedAt: number | undefined;
  /** Its engine, or a process of it, was killed by us. */
  isHurt = false;
  /** The state that the first answer with a terminal one told. */
  end: State | undefined;

  constructor(plan: RunPlan) {
    this.plan = plan;
  }
}

export interface Violation {
  readonly rule: string;
  readonly runId: string | undefined;
  readonly detail: string;
  readonly evidence: readonly string[];
}

/** All runs that clients asked for, and all that was found wrong. */
export class Ledger {
  readonly runs: KnownRun[] = [];
  readonly violations: Violation[] = [];
  readonly #byId = new Map<string, KnownRun>();
  readonly #onEnd: (run: KnownRun, runId: string) => void;

  /** `onEnd` is called when a client first sees the end of a run. */
  constructor(onEnd: (run: KnownRun, runId: string) => void) {
    this.#onEnd = onEnd;
  }

  add(plan: RunPlan): KnownRun {
    const run = new KnownRun(plan);
    this.runs.push(run);
    return run;
  }

  find(runId: string): KnownRun | undefined {
    return this.#byId.get(runId);
  }

  /** A 200 told this id for the run. */
  accepted(run: KnownRun, runId: string): void {
    if (run.runId !== undefined && run.runId !== runId) {
      this.violate('one run for one idempotency key', run.runId, `also became ${runId}`);
    }
    run.runId = runId;
    this.#byId.set(runId, run);
  }

  /** An answer told this state; whatever was asked before this answer was asked must not be contradicted. */
  observed(runId: string, state: State, endBefore: State | undefined): void {
    const run = this.#byId.get(runId);
    if (run === undefined) return;
    if (endBefore !== undefined && state !== endBefore) {
      this.violate('a terminal state never changes', runId, `was ${endBefore}, then ${state}`);
    }
    if (!isTerminal(state) || run.end !== undefined) return;
    run.end = state;
    this.#onEnd(run, runId);
  }

  violate(
    rule: string,
    runId: string | undefined,
    detail: string,
    evidence: readonly string[] = [],
  ): void {
    const isKnown = this.violations.some((one) => one.rule === rule && one.runId === runId);
    if (!isKnown) this.violations.push({ rule, runId, detail, evidence });
  }

  /** Runs that were accepted and of whose end nobody knows yet. */
  live(): readonly (KnownRun & { readonly runId: string })[] {
    return this.runs.filter(
      (run): run is KnownRun & { readonly runId: string } =>
        run.runId !== undefined && run.end === undefined,
    );
  }
}
