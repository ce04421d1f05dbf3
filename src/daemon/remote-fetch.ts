import { redacted } from '../staging/address.ts';
import { AddressFailure, type StagingOptions } from '../staging/staging.ts';
import { messageOf, RunFailure } from './interruption.ts';
import type { RunContext } from './run-context.ts';
import { StagingLog } from './staging-log.ts';

/** What the fetches for one run share: its log, and the bytes that they may have together. */
export class RemoteFetch {
  readonly #context: RunContext;
  readonly #budget: StagingOptions['budget'];
  #log: StagingLog | undefined;
  /** Aborted when all of it takes too long: a server may send a byte now and then for ever. */
  #deadline: AbortSignal | undefined;

  constructor(context: RunContext) {
    this.#context = context;
    this.#budget = context.parts.staging.createBudget();
  }

  /**
   * @param failure the words for what can't be had
   * @throws RunFailure
   * @throws Interruption at once when there is one
   */
  async during<T>(
    work: (options: Required<StagingOptions>) => Promise<T>,
    failure: (error: AddressFailure) => RunFailure,
  ): Promise<T> {
    const { active } = this.#context;
    active.checkpoint();
    const log = (this.#log ??= new StagingLog(this.#context, redacted));
    const deadline = (this.#deadline ??= this.#begin());
    try {
      return await work({
        signal: AbortSignal.any([active.signal, deadline]),
        budget: this.#budget,
        onEvent: (event) => log.tell(event),
      });
    } catch (error) {
      const interruption = active.interruption();
      if (interruption) throw interruption;
      const reason = this.#reasonOf(error, deadline, failure);
      log.write(reason.message);
      throw reason;
    }
  }

  #begin(): AbortSignal {
    const { stagingTimeoutSeconds: seconds } = this.#context.parts.settings;
    if (seconds === undefined) return new AbortController().signal;
    const limit = `${seconds} seconds, the longest it may take by STAGING_TIMEOUT of this service`;
    return abortedAfter(seconds, new RunFailure(`The inputs were not fetched after ${limit}`));
  }

  #reasonOf(
    error: unknown,
    deadline: AbortSignal,
    failure: (error: AddressFailure) => RunFailure,
  ): RunFailure {
    if (deadline.aborted && deadline.reason instanceof RunFailure) return deadline.reason;
    return error instanceof AddressFailure ? failure(error) : notStored(error);
  }

  async close(): Promise<void> {
    await this.#log?.close();
  }
}

function abortedAfter(seconds: number, reason: RunFailure): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), seconds * 1000).unref();
  return controller.signal;
}

function notStored(error: unknown): RunFailure {
  if (error instanceof RunFailure) return error;
  const message = `What was fetched could not be written: ${messageOf(error)}`;
  return new RunFailure(message, { cause: error });
}
