import type { ObjectAddress } from './s3-address.ts';

/** A bucket, or the part of it below `prefix`. */
export interface BucketPart {
  readonly bucket: string;
  /** Without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
}

/** `bucket` or `bucket/prefix`. */
export function parseBucketPart(text: string): BucketPart {
  const [bucket = '', ...prefix] = text.replace(/^[a-z0-9]+:\/\//, '').split('/');
  return { bucket, prefix: trimSlashes(prefix.join('/')) };
}

export function trimSlashes(text: string): string {
  return text.replace(/^\/+|\/+$/g, '');
}

export type Reading = 'with credentials' | 'anonymously' | 'refused';

export interface ReadingRules {
  /** Read with the service's credentials. */
  readonly listed: readonly BucketPart[];
  /** Where the service keeps files of all its users, when that is behind the same endpoint. */
  readonly storage?: BucketPart;
}

/**
 * How an object is read for a user. Whoever may submit a run may read what the service reads with its
 * own credentials, so that is only what is listed; never what the service itself stores.
 */
export function readingOf(address: ObjectAddress, { listed, storage }: ReadingRules): Reading {
  const fitting = listed.filter((part) => isIn(part, address));
  if (storage?.bucket === address.bucket) {
    const isNamed = fitting.some(({ prefix }) => prefix !== '');
    return isNamed && !isIn(storage, address) ? 'with credentials' : 'refused';
  }
  return fitting.length > 0 ? 'with credentials' : 'anonymously';
}

function isIn({ bucket, prefix }: BucketPart, address: ObjectAddress): boolean {
  if (bucket !== address.bucket) return false;
  return prefix === '' || address.key === prefix || address.key.startsWith(`${prefix}/`);
}
