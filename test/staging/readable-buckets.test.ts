import { describe, expect, test } from 'vitest';
import { parseBucketPart, readingOf } from '../../src/staging/readable-buckets.ts';

describe('How an object is read', () => {
  const reading = (object: string, listed: readonly string[], storage?: string) => {
    const { bucket, prefix: key } = parseBucketPart(object);
    return readingOf(
      { bucket, key },
      {
        listed: listed.map(parseBucketPart),
        ...(storage !== undefined && { storage: parseBucketPart(storage) }),
      },
    );
  };

  test.each([
    ['data/a', [], 'anonymously'],
    ['data/a', ['data'], 'with credentials'],
    ['data/a', ['s3://data/'], 'with credentials'],
    ['data/a', ['other'], 'anonymously'],
    ['data/in/a', ['data/in'], 'with credentials'],
    ['data/in', ['data/in'], 'with credentials'],
    ['data/inner/a', ['data/in'], 'anonymously'],
    ['data2/a', ['data'], 'anonymously'],
  ] as const)('%s with %j listed: %s', (object, listed, expected) => {
    expect(reading(object, listed)).toBe(expected);
  });

  test.each([
    ['wes/runs/a', [], 'wes', 'refused'],
    ['wes/runs/a', ['wes'], 'wes', 'refused'],
    ['wes/in/a', ['wes/in'], 'wes', 'refused'],
    ['wes/store/a', ['wes'], 'wes/store', 'refused'],
    ['wes/in/a', ['wes'], 'wes/store', 'refused'],
    ['wes/in/a', ['wes/in'], 'wes/store', 'with credentials'],
    ['wes/store/in/a', ['wes/store/in'], 'wes/store', 'refused'],
    ['data/a', ['data'], 'wes', 'with credentials'],
  ] as const)('%s with %j listed beside storage in %s: %s', (object, listed, storage, expected) => {
    expect(reading(object, listed, storage)).toBe(expected);
  });
});
