import { isTerminal, type State } from '../src/runs/state.ts';
import type { ChaosUser } from './users.ts';
import type { RunPlan } from './workload.ts';

/** What the clients know of a run: what they asked for, and what they were told. */
export class KnownRun {
  readonly plan: RunPlan;
  readonly owner: string;
  /** Id of the run whose request this one repeats. */
  readonly rerunOf: string | undefined;
  /** Undefined as long as no 200 told it. */
  runId: string | undefined;
  /** Answered with a refusal that the rules allow. */
  isRefused = false;
  isCancelTried = false;
  /** When a cancel was answered with 200, by the wall clock. */
  cancelAcceptedAt: number | undefined;
  isRemoveTried = false;
  /** A removal was answered with 200, or with 404 after an answer was lost. */
  isRemoved = false;
  /** When the removal was asked for, by the monotonic clock. */
  removeTriedAt: number | undefined;
  /** It, or a process of it, was killed by us, or found no room on its disk. */
  isHurt = false;
  /** Lived while its work directory was full: what it could not write is not there. */
  isShortOfDisk = false;
  /** We stopped processes of it and let them go on, whether it was paused or not. */
  isWoken = false;
  /** The state that the latest answer told. */
  state: State | undefined;
  /** The state that the first answer with a terminal one told. */
  end: State | undefined;
  /** The history as last seen, one text for each line. */
  history: readonly string[] = [];

  constructor(plan: RunPlan, owner: string, rerunOf?: string) {
    this.plan = plan;
    this.owner = owner;
    this.rerunOf = rerunOf;
  }
}

/** A run that was accepted. */
export type AcceptedRun = KnownRun & { readonly runId: string };

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
  readonly #byId = new Map<string, AcceptedRun>();
  #isDiskFull = false;
  readonly #onEnd: (run: KnownRun, runId: string) => void;

  /** `onEnd` is called when a client first sees the end of a run. */
  constructor(onEnd: (run: KnownRun, runId: string) => void) {
    this.#onEnd = onEnd;
  }

  add(plan: RunPlan, owner: string, rerunOf?: string): KnownRun {
    const run = new KnownRun(plan, owner, rerunOf);
    this.runs.push(run);
    if (this.#isDiskFull) hurtByDisk(run);
    return run;
  }

  /** Whatever lives while the disk of the work directories is full may fail. */
  setDiskFull(isFull: boolean): void {
    this.#isDiskFull = isFull;
    if (isFull) this.runs.filter(({ end }) => end === undefined).forEach(hurtByDisk);
  }

  find(runId: string): KnownRun | undefined {
    return this.#byId.get(runId);
  }

  /** A 200 told this id for the run. */
  accept(run: KnownRun, runId: string): void {
    if (run.runId !== undefined && run.runId !== runId) {
      this.violate('one run for one idempotency key', run.runId, `also became ${runId}`);
    }
    run.runId = runId;
    this.#byId.set(runId, run as AcceptedRun); // its id was just set
  }

  /** An answer told this state; whatever was asked before this answer was asked must not be contradicted. */
  observed(runId: string, state: State, endBefore: State | undefined): void {
    const run = this.#byId.get(runId);
    if (run === undefined) return;
    if (endBefore !== undefined && state !== endBefore) {
      this.violate('a terminal state never changes', runId, `was ${endBefore}, then ${state}`);
    }
    run.state = state;
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

  /** Runs that were accepted and not removed; of a user, those that the user may manage. */
  accepted(user?: ChaosUser): readonly AcceptedRun[] {
    return this.#of(user).filter(({ isRemoved }) => !isRemoved);
  }

  removed(user: ChaosUser): readonly AcceptedRun[] {
    return this.#of(user).filter(({ isRemoved }) => isRemoved);
  }

  /** Of these, those of whose end nobody knows yet. */
  live(user?: ChaosUser): readonly AcceptedRun[] {
    return this.accepted(user).filter(({ end }) => end === undefined);
  }

  #of(user: ChaosUser | undefined): readonly AcceptedRun[] {
    const runs = [...this.#byId.values()];
    return runs.filter(({ owner }) => user === undefined || user.isAdmin || owner === user.name);
  }
}

function hurtByDisk(run: KnownRun): void {
  run.isHurt = true;
  run.isShortOfDisk = true;
}
