import { FetchError } from './protocol.ts';

/** What the files of a run may take together. */
export class ByteBudget {
  readonly #most: number;
  readonly #refusal: string;
  #taken = 0;

  /** @param most bytes; 0 for any number */
  constructor(most: number, refusal: string) {
    this.#most = most === 0 ? Number.POSITIVE_INFINITY : most;
    this.#refusal = refusal;
  }

  /** @throws FetchError when there is not so much left */
  take(bytes: number): void {
    if (this.#taken + bytes > this.#most) throw new FetchError(this.#refusal, false);
    this.#taken += bytes;
  }
}

/** The part of a budget that goes to one file: nothing is taken twice for what is fetched again. */
export class FileAllowance {
  readonly #budget: ByteBudget;
  readonly #mostBytes: number;
  #granted = 0;

  constructor(budget: ByteBudget, mostBytes: number) {
    this.#budget = budget;
    this.#mostBytes = mostBytes === 0 ? Number.POSITIVE_INFINITY : mostBytes;
  }

  /** @throws FetchError when the file may not be so large */
  require(sizeBytes: number): void {
    if (sizeBytes > this.#mostBytes) {
      const limit = `the ${this.#mostBytes} bytes that this service fetches at most (STAGING_MAX_FILE_SIZE)`;
      throw new FetchError(`it is larger than ${limit}`, false);
    }
    if (sizeBytes <= this.#granted) return;
    this.#budget.take(sizeBytes - this.#granted);
    this.#granted = sizeBytes;
  }
}
