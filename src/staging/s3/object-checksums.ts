import type { Checksum } from '../protocol.ts';

/** What an answer says of the object. */
export interface ObjectFacts {
  readonly etag?: string;
  /** Base64; with `-N` at its end it is one of the checksums of the parts. */
  readonly sha256?: string;
  readonly sha1?: string;
  readonly checksumType?: string;
  readonly encryption?: string;
  readonly hasCustomerKey: boolean;
  /** Google's `crc32c=…,md5=…`. */
  readonly googleHash?: string;
}

const MD5_ETAG = /^"?([0-9a-f]{32})"?$/;
const MD5_BYTES = 16;

/**
 * An ETag is the MD5 of the content only at AWS, for objects that were sent in one part and whose
 * encryption, if any, is that of S3 itself. Other servers make ETags in other ways that look the same.
 */
export function checksumsOf(facts: ObjectFacts, isAws: boolean): readonly Checksum[] {
  const isWhole = facts.checksumType !== 'COMPOSITE';
  return [
    ...(isWhole ? fromBase64('sha256', facts.sha256, 32) : []),
    ...(isWhole ? fromBase64('sha1', facts.sha1, 20) : []),
    ...(isAws ? fromEtag(facts) : []),
    ...fromBase64('md5', /(?:^|,)\s*md5=([^,\s]+)/.exec(facts.googleHash ?? '')?.[1], MD5_BYTES),
  ];
}

function fromBase64(
  algorithm: Checksum['algorithm'],
  text: string | undefined,
  length: number,
): readonly Checksum[] {
  if (text === undefined || !/^[A-Za-z0-9+/]+=*$/.test(text)) return [];
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === length ? [{ algorithm, hex: bytes.toString('hex') }] : [];
}

function fromEtag({ etag = '', encryption, hasCustomerKey }: ObjectFacts): readonly Checksum[] {
  const isPlain = (encryption === undefined || encryption === 'AES256') && !hasCustomerKey;
  const hex = MD5_ETAG.exec(etag)?.[1];
  return isPlain && hex !== undefined ? [{ algorithm: 'md5', hex }] : [];
}
