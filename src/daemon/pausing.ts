import type { JobId } from '../executors/executor.ts';
import { messageOf } from './interruption.ts';
import { moveTo } from './move.ts';
import { persist } from './persist.ts';
import type { RunContext } from './run-context.ts';

/** Brings about what was asked for a run: PAUSED, or going on. */
export class Pausing {
  readonly #context: RunContext;
  readonly #jobId: JobId;
  /** False until this daemon itself has paused or resumed the job: the one before may have died half-way. */
  #isApplied: boolean;

  constructor(context: RunContext, jobId: JobId) {
    this.#context = context;
    this.#jobId = jobId;
    this.#isApplied = context.run.jobId === undefined;
  }

  /**
   * To be called while the job runs.
   * @throws Interruption
   */
  async bringAbout(): Promise<void> {
    const { active } = this.#context;
    const isAsItShouldBe = active.isPauseWished === (active.state === 'PAUSED');
    if (isAsItShouldBe && this.#isApplied) return;
    if (active.isPauseWished) await this.#pause();
    else await this.#resume();
    this.#isApplied = true;
  }

  async #pause(): Promise<void> {
    const { active, parts } = this.#context;
    try {
      await parts.executor.pause(this.#jobId);
    } catch (error) {
      return this.#giveUp(error);
    }
    if (active.state !== 'PAUSED')
      await moveTo(this.#context, 'PAUSED', 'its processes stand still');
  }

  async #resume(): Promise<void> {
    const { active, parts } = this.#context;
    // In this order: what is said to be PAUSED stands still, however long the move takes.
    this.#isApplied = false;
    if (active.state === 'PAUSED') await moveTo(this.#context, 'RUNNING', 'its processes go on');
    await parts.executor.resume(this.#jobId);
  }

  /** The wish is withdrawn, with the reason in the history, instead of tried for ever. */
  async #giveUp(error: unknown): Promise<void> {
    const { active, parts, run, presence, logger } = this.#context;
    logger.error({ err: error, job_id: this.#jobId }, 'job not paused');
    const request = {
      runId: run.runId,
      pause: false,
      actor: `daemon:${presence.daemonId}`,
      reason: `could not be paused: ${messageOf(error)}`,
    };
    await persist(this.#context, () => parts.store.requestPause({ ...request, at: parts.now() }));
    active.wishPause(false);
    if (active.state === 'PAUSED') await moveTo(this.#context, 'RUNNING', request.reason);
  }
}
