import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  covering,
  endOf,
  mergeDue,
  sortSegments,
  type Segment,
} from '../../../src/storage/s3/segments.ts';
import { partBytes } from '../../../src/storage/s3/upload.ts';

function segment(start: number, end: number, rank = 0): Segment {
  return { name: `${start}-${end}-${rank}`, start, end, rank };
}

/** A bucket has each name once. */
const anySegments = fc
  .uniqueArray(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 12 }), fc.nat(3)), {
    maxLength: 40,
    selector: (place) => place.join('-'),
  })
  .map((all) => all.map(([start, length, rank]) => segment(start, start + length, rank)));

/** How many bytes from the first on the segments have together. */
function reach(segments: readonly Segment[]): number {
  let end = 0;
  for (const one of segments.toSorted((a, b) => a.start - b.start))
    if (one.start <= end) end = Math.max(end, one.end);
  return end;
}

describe('the segments of a growing object', () => {
  it('cover all bytes up to the first hole, without a segment too many', () => {
    fc.assert(
      fc.property(anySegments, (segments) => {
        const chosen = covering(sortSegments(segments).needed);
        expect(endOf(chosen)).toBe(reach(segments));
        for (const [index, one] of chosen.entries()) {
          expect(one.start).toBeLessThanOrEqual(chosen[index - 1]?.end ?? 0);
          expect(reach(chosen.toSpliced(index, 1))).toBeLessThan(endOf(chosen));
        }
      }),
    );
  });

  it('lose no byte, whatever two processes remove that knew only some of them', () => {
    fc.assert(
      fc.property(anySegments, fc.func(fc.boolean()), fc.func(fc.boolean()), (all, one, two) => {
        const removed = [one, two].flatMap(
          (knows) => sortSegments(all.filter((each) => knows(each.name))).superseded,
        );
        const names = new Set(removed.map(({ name }) => name));
        expect(reach(all.filter(({ name }) => !names.has(name)))).toBe(reach(all));
      }),
    );
  });

  it('stay few, however long an object grows', () => {
    const segments: Segment[] = [];
    let most = 0;
    let merged = 0;
    for (let end = 100; end <= 5_000_000; end += 100) {
      segments.push(segment(end - 100, end));
      for (let due = mergeDue(segments); due; due = mergeDue(segments)) {
        merged += endOf(due.parts) - (due.parts[0]?.start ?? 0);
        const whole = segment(due.parts[0]?.start ?? 0, endOf(due.parts), due.rank);
        segments.splice(-due.parts.length, due.parts.length, whole);
      }
      most = Math.max(most, segments.length);
    }
    expect(covering(sortSegments(segments).needed)).toEqual(segments);
    expect(most).toBeLessThan(130);
    // 50,000 appends: each byte was written again at most this often.
    expect(merged / 5_000_000).toBeLessThan(4);
  });

  it('are not merged into larger ones than can be sent again cheaply', () => {
    const large = Array.from({ length: 40 }, (_, index) =>
      segment(index * 8_000_000, (index + 1) * 8_000_000),
    );
    expect(mergeDue(large)).toBeUndefined();
    const small = Array.from({ length: 32 }, (_, index) =>
      segment(320_000_000 + index, 320_000_001 + index),
    );
    expect(mergeDue([...large, ...small])?.parts.length).toBeGreaterThanOrEqual(32);
  });
});

it('the parts of an upload can hold the largest object that S3 takes', () => {
  let total = 0;
  for (let number = 1; number <= 10_000; number += 1) total += partBytes(number);
  expect(total).toBeGreaterThan(5 * 1024 ** 4);
  expect(partBytes(1)).toBeGreaterThanOrEqual(5 * MEBIBYTE_OF_S3);
});

/** No part but the last may be smaller than five of these. */
const MEBIBYTE_OF_S3 = 1024 ** 2;
