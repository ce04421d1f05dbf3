import type { ExitedJob } from '../executors/executor.ts';
import { cancelRun } from './cancel.ts';
import { isDiskShort } from './disk-guard.ts';
import { findJob } from './end-job.ts';
import { failRun } from './fail.ts';
import { finishRun } from './finish.ts';
import { Interruption } from './interruption.ts';
import { JobFollower } from './job-follower.ts';
import { moveTo } from './move.ts';
import { giveBack, NoAttemptLeft, requeueRun } from './requeue.ts';
import type { RunContext } from './run-context.ts';
import { settleLoss } from './settle-loss.ts';
import { stageRun } from './stage.ts';
import { readStagedCommand } from './staged-command.ts';
import { readOverLimit, stopOverLimit } from './stop-over-limit.ts';
import { recordStart, startRun } from './start.ts';

/** One run in the hands of this daemon, from the claim (or the takeover) to its end. */
export class Execution {
  readonly #context: RunContext;
  #follower: JobFollower | undefined;

  constructor(context: RunContext) {
    this.#context = context;
  }

  /** Executes a run that was just claimed. Never rejects. */
  async execute(): Promise<void> {
    await this.#settled(async () => {
      await startRun(this.#context, await stageRun(this.#context));
      await this.#followToEnd();
    });
  }

  /** Goes on with a run that another daemon, or this one before, had begun. Never rejects. */
  async resume(): Promise<void> {
    await this.#settled(async () => {
      const { active, directory } = this.#context;
      active.checkpoint();
      await findJob(this.#context);
      if (active.jobId === undefined) {
        return requeueRun(this.#context, 'its daemon was lost before it was started');
      }
      const command = await readStagedCommand(directory);
      if (active.state === 'INITIALIZING' && command) await recordStart(this.#context, command);
      await this.#followToEnd();
    });
  }

  async #followToEnd(): Promise<void> {
    const { active } = this.#context;
    if (active.jobId === undefined) return;
    this.#follower = new JobFollower(this.#context, active.jobId);
    const end = await this.#follower.follow();
    if (active.state === 'PAUSED') await moveTo(this.#context, 'RUNNING', 'its job ended');
    switch (end.status) {
      case 'exited':
        return this.#finish(this.#follower, end);
      case 'over_limit':
        return stopOverLimit(this.#context, this.#follower, end.reason);
      case 'lost':
        return requeueRun(this.#context, end.reason);
    }
  }

  /** The daemon that stopped the job for its time may have died before it could say so. */
  async #finish(follower: JobFollower, end: ExitedJob): Promise<void> {
    const reason = await readOverLimit(this.#context.directory);
    if (reason === undefined) await finishRun(this.#context, follower, end);
    else await stopOverLimit(this.#context, follower, reason);
  }

  async #settled(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.#settle(error);
    }
  }

  async #settle(error: unknown): Promise<void> {
    const { active, logger } = this.#context;
    try {
      await this.#react(active.interruption() ?? error);
    } catch (second) {
      if (!active.holdsLease()) return this.#leave('lease_lost');
      // The lease stays, so the next look at the leases finds the run and takes it up again.
      logger.error({ err: second }, 'run not settled');
    }
  }

  /** A cancel that is noticed, or fails, in the middle of something else is one more step. */
  async #react(cause: unknown, isLast = false): Promise<void> {
    try {
      if (!(cause instanceof Interruption)) {
        await this.#giveUp(cause);
      } else if (cause.reason === 'cancel_requested') {
        await cancelRun(this.#context, this.#follower);
      } else if (cause.reason === 'handover' && !this.#wasStarted()) {
        await giveBack(this.#context, 'the daemon is being stopped');
      } else {
        await this.#leave(cause.reason);
      }
    } catch (error) {
      if (isLast || !this.#context.active.holdsLease()) throw error;
      await this.#react(error, true);
    }
  }

  /** A run that found the disk full before it began has not failed: it waits for one with room. */
  async #giveUp(cause: unknown): Promise<void> {
    if (
      !this.#wasStarted() &&
      !(cause instanceof NoAttemptLeft) &&
      (await isDiskShort(this.#context.parts))
    ) {
      await findJob(this.#context);
      if (!this.#wasStarted()) return requeueRun(this.#context, 'the disk was full');
    }
    await failRun(this.#context, cause, this.#follower);
  }

  #wasStarted(): boolean {
    const { state, jobId } = this.#context.active;
    return state !== 'INITIALIZING' || jobId !== undefined;
  }

  /** Not a word is written any more: the run is another daemon's, and so may be its job and its files. */
  async #leave(reason: Interruption['reason']): Promise<void> {
    const { active, logger } = this.#context;
    logger.info({ reason, job_id: active.jobId, state: active.state }, 'run left');
    if (reason === 'lease_lost') await settleLoss(this.#context);
  }
}
