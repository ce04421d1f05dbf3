import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { StorageError } from '../storage.ts';
import { UPLOAD, type Bucket } from './bucket.ts';
import type { Part } from './part-memory.ts';

/** S3 takes no more parts of one upload. */
const MAX_PARTS = 10_000;
const PARTS_AT_ONCE = 3;

/** An object on its way in parts. Nothing of it is to be seen before `complete`. */
export class MultipartUpload {
  readonly #bucket: Bucket;
  readonly #object: { readonly Bucket: string; readonly Key: string; readonly UploadId: string };
  /** By which the object is known as the one of this upload. */
  readonly #id: string;
  readonly #ending = new AbortController();
  readonly #sent: CompletedPart[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];
  #count = 0;

  private constructor(bucket: Bucket, name: string, uploadId: string, id: string) {
    this.#bucket = bucket;
    this.#object = { Bucket: bucket.name, Key: name, UploadId: uploadId };
    this.#id = id;
  }

  static async start(bucket: Bucket, name: string): Promise<MultipartUpload> {
    const id = randomUUID();
    const request = { Bucket: bucket.name, Key: name, Metadata: { [UPLOAD]: id } };
    const { UploadId = '' } = await bucket.attempt(() =>
      bucket.client.send(new CreateMultipartUploadCommand(request)),
    );
    return new MultipartUpload(bucket, name, UploadId, id);
  }

  /**
   * Waits while enough parts are on their way; the part's memory is given back when it was sent.
   * @throws what kept this part or an earlier one
   */
  async add(part: Part): Promise<void> {
    this.#count += 1;
    if (this.#count > MAX_PARTS)
      throw new StorageError('unavailable', 'the object is too large for S3');
    if (this.#underWay.size === PARTS_AT_ONCE) await Promise.race(this.#underWay);
    this.#throwFailure();
    const sending = this.#sendInTurn(this.#count, part)
      .catch((error: unknown) => void this.#failures.push(error))
      .finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
  }

  async complete(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#throwFailure();
    const Parts = this.#sent.toSorted((one, other) => numberOf(one) - numberOf(other));
    const command = { ...this.#object, MultipartUpload: { Parts } };
    await this.#bucket.attempt(async () => {
      try {
        await this.#bucket.client.send(new CompleteMultipartUploadCommand(command));
      } catch (error) {
        // The answer to a request that did its work may be lost, and then there is no such upload.
        const found = await this.#bucket.head(this.#object.Key);
        if (found?.upload !== this.#id) throw error;
      }
    });
  }

  /** Ends what is on its way and lets the server forget it; never fails. */
  async abort(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#underWay);
    const command = new AbortMultipartUploadCommand(this.#object);
    await this.#bucket.client.send(command).catch(() => undefined);
  }

  async #sendInTurn(number: number, part: Part): Promise<void> {
    const { partMemory } = this.#bucket;
    await partMemory.inTurn(() => this.#send(number, part.bytes));
    part.giveBackTo(partMemory);
  }

  async #send(PartNumber: number, Body: Uint8Array): Promise<void> {
    const { client } = this.#bucket;
    const command = new UploadPartCommand({ ...this.#object, PartNumber, Body });
    const options = { abortSignal: this.#ending.signal };
    const { ETag, ChecksumCRC32 } = await this.#bucket.attempt(() => client.send(command, options));
    // The checksum is there when the SDK sent one, as it does to AWS.
    this.#sent.push({ PartNumber, ETag, ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }) });
  }

  #throwFailure(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}

function numberOf(part: CompletedPart): number {
  return part.PartNumber ?? 0;
}
