import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestedBytes } from '../../src/api/bytes/byte-range.ts';

describe('a byte range', () => {
  it.each([
    ['bytes=0-0', 10, 0, 0],
    ['bytes=3-', 10, 3, 9],
    ['bytes=9-9', 10, 9, 9],
    ['bytes=3-99999999999999999999', 10, 3, 9],
    ['bytes=-4', 10, 6, 9],
    ['bytes=-99999999999999999999', 10, 0, 9],
    ['Bytes= 3-4 ', 10, 3, 4],
  ])('%s of %i bytes is %i to %i', (header, size, start, end) => {
    expect(requestedBytes(header, size)).toEqual({ kind: 'part', start, end });
  });

  it.each([
    ['bytes=10-', 10],
    ['bytes=99999999999999999999-', 10],
    ['bytes=-0', 10],
    ['bytes=0-', 0],
    ['bytes=-1', 0],
  ])('%s of %i bytes can not be given', (header, size) => {
    expect(requestedBytes(header, size)).toEqual({ kind: 'unsatisfiable' });
  });

  it.each([undefined, '', 'bytes', 'bytes=', 'bytes=-', 'bytes=5-3', 'bytes=0-1,3-4', 'rows=0-1'])(
    'that reads %j is ignored',
    (header) => {
      expect(requestedBytes(header, 10)).toEqual({ kind: 'whole' });
    },
  );

  it('never reaches outside of the object', () => {
    const end = fc.oneof(fc.constant(''), fc.nat().map(String));
    fc.assert(
      fc.property(end, end, fc.nat(1000), (first, last, size) => {
        const bytes = requestedBytes(`bytes=${first}-${last}`, size);
        if (bytes.kind !== 'part') return;
        expect(bytes.start).toBeGreaterThanOrEqual(0);
        expect(bytes.end).toBeGreaterThanOrEqual(bytes.start);
        expect(bytes.end).toBeLessThan(size);
      }),
    );
  });
});
