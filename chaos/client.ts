import { setTimeout as delay } from 'node:timers/promises';
import { cancel, pause, remove, resume } from './actions.ts';
import type { ClientContext } from './client-context.ts';
import type { AcceptedRun } from './ledger.ts';
import { list, lookAtForeignRun, lookAtHistory, poll } from './observations.ts';
import { rerun, submit } from './submissions.ts';
import { planRun } from './workload.ts';

/** How a client's time is divided; what is left is polling. */
const SHARES = [
  ['submit', 0.36],
  ['cancel', 0.06],
  ['list', 0.08],
  ['pause', 0.07],
  ['resume', 0.04],
  ['rerun', 0.05],
  ['remove', 0.06],
  ['look at history', 0.03],
  ['look at the queue', 0.02],
  ['look at foreign run', 0.02],
] as const;

type Operation = (typeof SHARES)[number][0] | 'poll';

interface Work {
  readonly signal: AbortSignal;
  readonly hasCwl: boolean;
  /** No new run as long as so many have not ended. */
  readonly mostLive: number;
}

/** A client that does all that clients can do to their runs, over whichever API process answers. */
export class ChaosClient {
  readonly context: ClientContext;
  /** Operations that found something to do. */
  readonly operations = new Map<Operation, number>();
  #submitted = 0;
  #rerun = 0;

  constructor(context: ClientContext) {
    this.context = context;
  }

  /** Goes on until it is told to end. */
  async work(work: Work): Promise<void> {
    const { random } = this.context;
    while (!work.signal.aborted) {
      const operation = chooseOperation(random.next());
      if (await this.#do(operation, work)) {
        this.operations.set(operation, (this.operations.get(operation) ?? 0) + 1);
      }
      await delay(random.between(50, 500));
    }
  }

  async #do(operation: Operation, work: Work): Promise<boolean> {
    const { context } = this;
    switch (operation) {
      case 'submit':
        return this.#submit(work);
      case 'list':
        return (await list(context)) !== undefined;
      case 'look at foreign run':
        await lookAtForeignRun(context);
        return true;
      case 'rerun':
        return this.#isBusy(work) ? false : this.#with(this.#any(), (run) => this.#repeat(run));
      case 'remove':
        return this.#with(this.#toRemove(), (run) => remove(context, run));
      case 'look at history':
        return this.#with(this.#any(), (run) => lookAtHistory(context, run));
      case 'look at the queue':
        return this.#with(this.#live(), ({ runId }) => context.api.read(`/runs/${runId}/queue`));
      case 'cancel':
        return this.#with(this.#live(), (run) => cancel(context, run));
      case 'pause':
        return this.#with(this.#live('RUNNING'), (run) => pause(context, run));
      case 'resume':
        return this.#with(this.#live('PAUSED'), (run) => resume(context, run));
      case 'poll':
        return this.#with(this.#toPoll(), (run) => poll(context, run));
    }
  }

  async #with(
    run: AcceptedRun | undefined,
    action: (run: AcceptedRun) => Promise<unknown>,
  ): Promise<boolean> {
    if (run === undefined) return false;
    await action(run);
    return true;
  }

  async #submit(work: Work): Promise<boolean> {
    if (this.#isBusy(work)) return false;
    const { context } = this;
    const label = `${context.name}-${(this.#submitted += 1)}`;
    const { markDirectory, user } = context;
    const { hasCwl } = work;
    const { maxPriority } = user;
    await submit(context, planRun(context.random, label, { markDirectory, hasCwl, maxPriority }));
    return true;
  }

  async #repeat(run: AcceptedRun): Promise<void> {
    await rerun(this.context, run, `${this.context.name}-again-${(this.#rerun += 1)}`);
  }

  #isBusy({ mostLive }: Work): boolean {
    return this.context.ledger.live().length >= mostLive;
  }

  #live(state?: string): AcceptedRun | undefined {
    const { ledger, random, user } = this.context;
    return random.pick(
      ledger.live(user).filter((run) => state === undefined || run.state === state),
    );
  }

  #any(): AcceptedRun | undefined {
    const { ledger, random, user } = this.context;
    return random.pick(ledger.accepted(user));
  }

  /** Mostly one that ended; else it must be refused. */
  #toRemove(): AcceptedRun | undefined {
    const { ledger, random, user } = this.context;
    if (random.chance(0.1)) return this.#live();
    return random.pick(ledger.accepted(user).filter(({ end }) => end !== undefined));
  }

  /** Now and then one that ended, whose state must stay, or that was removed, which must stay gone. */
  #toPoll(): AcceptedRun | undefined {
    const { ledger, random, user } = this.context;
    const choice = random.next();
    if (choice < 0.05) return random.pick(ledger.removed(user));
    return choice < 0.8 ? (this.#live() ?? this.#any()) : this.#any();
  }
}

function chooseOperation(choice: number): Operation {
  let sum = 0;
  for (const [operation, share] of SHARES) {
    sum += share;
    if (choice < sum) return operation;
  }
  return 'poll';
}
