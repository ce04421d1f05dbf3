import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import type { ByteRange, ObjectStat } from '../storage.ts';
import { asStorageError, statusOf } from './bucket-error.ts';
import { PartMemory } from './part-memory.ts';
import { removeNames, type Names } from './remove-names.ts';

/** One object of the bucket by its own name. */
export interface Found extends ObjectStat {
  readonly etag: string;
  /** Set on the object that stands for one that grows: the generation of its segments. */
  readonly generation?: string;
  /** Set on an object that was sent in parts: which upload it is from. */
  readonly upload?: string;
}

export interface Download extends Found {
  /** `sizeBytes` are those of the part that was asked for. */
  readonly body: Readable;
}

export interface Listed extends ObjectStat {
  readonly name: string;
}

export type Metadata = Readonly<Record<string, string>>;

/** Names of metadata. */
export const GENERATION = 'generation';
export const UPLOAD = 'upload';

/** The requests that the storage makes of S3, with their errors as StorageError. Names are those in the bucket. */
export class Bucket {
  readonly client: S3Client;
  readonly name: string;
  readonly partMemory = new PartMemory();
  readonly #place: string;

  constructor(client: S3Client, name: string, endpoint?: string) {
    this.client = client;
    this.name = name;
    this.#place = `storage bucket '${name}'${endpoint === undefined ? '' : ` at ${endpoint}`}`;
  }

  /** Does any other request. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw asStorageError(error, this.#place);
    }
  }

  async head(name: string): Promise<Found | undefined> {
    const command = new HeadObjectCommand({ Bucket: this.name, Key: name });
    return await this.#unless(404, async () => found(await this.client.send(command)));
  }

  /**
   * @param etag of the version that it must be
   * @returns undefined when the range begins after the end
   * @throws StorageError `not_found`
   */
  async get(name: string, range?: ByteRange, etag?: string): Promise<Download | undefined> {
    const command = new GetObjectCommand({
      ...{ Bucket: this.name, Key: name },
      ...(range !== undefined && { Range: `bytes=${range.start}-${range.end ?? ''}` }),
      ...(etag !== undefined && { IfMatch: etag }),
    });
    return await this.#unless(416, async () => {
      const answer = await this.client.send(command);
      const body = answer.Body as Readable; // what the SDK gives on Node
      // It may break before somebody listens: unheard, that would end the process.
      body.on('error', () => undefined);
      return { ...found(answer), body };
    });
  }

  async put(name: string, bytes: Uint8Array, metadata: Metadata = {}): Promise<void> {
    const request = { Bucket: this.name, Key: name, Body: bytes, Metadata: { ...metadata } };
    await this.attempt(() => this.client.send(new PutObjectCommand(request)));
  }

  /** In the order of the names' bytes. */
  async *list(prefix: string): AsyncGenerator<Listed> {
    for await (const { Contents = [] } of this.#pages(prefix)) {
      for (const { Key, Size = 0, LastModified } of Contents) {
        yield { name: decoded(Key), sizeBytes: Size, modifiedAt: LastModified?.getTime() ?? 0 };
      }
    }
  }

  /** The beginnings of names up to the next slash after the prefix. */
  async *listDirectories(prefix: string): AsyncGenerator<string> {
    for await (const { CommonPrefixes = [] } of this.#pages(prefix, '/')) {
      for (const { Prefix } of CommonPrefixes) yield decoded(Prefix);
    }
  }

  async remove(names: Names): Promise<void> {
    await this.attempt(() => removeNames(this.client, this.name, names));
  }

  /** @throws StorageError when there is no such bucket: to HEAD, that looks like a missing object. */
  async assertThere(): Promise<void> {
    const command = new ListObjectsV2Command({ Bucket: this.name, MaxKeys: 1 });
    await this.attempt(() => this.client.send(command));
  }

  async *#pages(Prefix: string, Delimiter?: string) {
    let ContinuationToken: string | undefined;
    do {
      const command = new ListObjectsV2Command({
        ...{ Bucket: this.name, Prefix, EncodingType: 'url' },
        ...(Delimiter !== undefined && { Delimiter }),
        ...(ContinuationToken !== undefined && { ContinuationToken }),
      });
      const page = await this.attempt(() => this.client.send(command));
      yield page;
      ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }

  /** Undefined when the answer has this status. */
  async #unless<T>(status: number, work: () => Promise<T>): Promise<T | undefined> {
    return await this.attempt(async () => {
      try {
        return await work();
      } catch (error) {
        if (statusOf(error) === status) return undefined;
        throw error;
      }
    });
  }
}

interface Answer {
  readonly ContentLength?: number | undefined;
  readonly LastModified?: Date | undefined;
  readonly ETag?: string | undefined;
  readonly Metadata?: Metadata | undefined;
}

function found({ ContentLength = 0, LastModified, ETag = '', Metadata = {} }: Answer): Found {
  const { [GENERATION]: generation, [UPLOAD]: upload } = Metadata;
  return {
    ...{ sizeBytes: ContentLength, modifiedAt: LastModified?.getTime() ?? 0, etag: ETag },
    ...(generation !== undefined && { generation }),
    ...(upload !== undefined && { upload }),
  };
}

/** Names in lists are percent-encoded, because XML does not have all characters; some servers write '+'. */
function decoded(name = ''): string {
  return decodeURIComponent(name.replaceAll('+', '%20'));
}
