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
    try {
      return await work({
        signal: active.signal,
        budget: this.#budget,
        onEvent: (event) => log.tell(event),
      });
    } catch (error) {
      const interruption = active.interruption();
      if (interruption) throw interruption;
      const reason = error instanceof AddressFailure ? failure(error) : notStored(error);
      log.write(reason.message);
      throw reason;
    }
  }

  async close(): Promise<void> {
    await this.#log?.close();
  }
}

function notStored(error: unknown): RunFailure {
  if (error instanceof RunFailure) return error;
  const message = `What was fetched could not be written: ${messageOf(error)}`;
  return new RunFailure(message, { cause: error });
}
