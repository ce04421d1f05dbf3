import { describe, expect, test } from 'vitest';
import { checksumsOf, type ObjectFacts } from '../../../src/staging/s3/object-checksums.ts';

const HEX = 'd41d8cd98f00b204e9800998ecf8427e';
const SHA256 = Buffer.alloc(32, 7).toString('base64');

describe('The checksums of an object', () => {
  test.each<[string, Partial<ObjectFacts>, boolean, readonly string[]]>([
    ['an ETag at AWS', { etag: `"${HEX}"` }, true, ['md5']],
    ['an ETag encrypted by S3', { etag: `"${HEX}"`, encryption: 'AES256' }, true, ['md5']],
    ['an ETag of parts', { etag: `"${HEX}-3"` }, true, []],
    ['an ETag encrypted by KMS', { etag: `"${HEX}"`, encryption: 'aws:kms' }, true, []],
    ['an ETag encrypted by the customer', { etag: `"${HEX}"`, hasCustomerKey: true }, true, []],
    ['an ETag of another server', { etag: `"${HEX}"` }, false, []],
    ['a SHA-256', { sha256: SHA256, checksumType: 'FULL_OBJECT' }, false, ['sha256']],
    ['a SHA-256 of parts', { sha256: `${SHA256}-2`, checksumType: 'COMPOSITE' }, true, []],
    [
      "Google's MD5",
      { googleHash: 'crc32c=AAAAAA==,md5=1B2M2Y8AsgTpgAmY7PhCfg==' },
      false,
      ['md5'],
    ],
    ["Google's CRC alone", { googleHash: 'crc32c=AAAAAA==' }, false, []],
  ])('by %s', (_name, facts, isAws, expected) => {
    const checksums = checksumsOf({ hasCustomerKey: false, ...facts }, isAws);
    expect(checksums.map(({ algorithm }) => algorithm)).toEqual(expected);
    for (const { algorithm, hex } of checksums) if (algorithm === 'md5') expect(hex).toBe(HEX);
  });
});
