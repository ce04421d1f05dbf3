/** Bytes `start` to before `end` of a growing object, in an object of their own that never changes. */
export interface Segment {
  /** Its name in the bucket. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** 0 as it was appended; one more than what it was put together from. */
  readonly rank: number;
}

/** So many segments of one rank become one of the next. */
const MERGED_AT_ONCE = 32;
/** No larger segment is made by merging: each byte passes this process again. */
const MAX_MERGED_BYTES = 64 * 1024 * 1024;
const MAX_RANK = 9;

/** Those that lie within another one, and so are needed no longer; the others, by their first byte. */
export interface Sorted {
  readonly needed: readonly Segment[];
  readonly superseded: readonly Segment[];
}

/**
 * A segment counts as superseded only when one other has all of its bytes. Whoever removes what it
 * found superseded, however old its list: what remains has all bytes that there were.
 */
export function sortSegments(segments: readonly Segment[]): Sorted {
  const needed: Segment[] = [];
  const superseded: Segment[] = [];
  let end = -1;
  for (const segment of segments.toSorted(byPlace)) {
    if (segment.end <= end) {
      superseded.push(segment);
    } else {
      needed.push(segment);
      end = segment.end;
    }
  }
  return { needed, superseded };
}

/** What contains another segment comes before it. */
function byPlace(one: Segment, other: Segment): number {
  return one.start - other.start || other.end - one.end || other.rank - one.rank;
}

/** The segments to read from the first byte on, up to the end or a hole; `needed` as it was sorted. */
export function covering(needed: readonly Segment[]): readonly Segment[] {
  const chosen: Segment[] = [];
  for (const segment of needed) {
    if (segment.start > endOf(chosen)) break;
    // The one before is not needed when this one begins where that one does, or earlier.
    const before = chosen.at(-2);
    if (chosen.length > 0 && segment.start <= (before?.end ?? 0)) chosen.pop();
    chosen.push(segment);
  }
  return chosen;
}

export function endOf(chosen: readonly Segment[]): number {
  return chosen.at(-1)?.end ?? 0;
}

/** Segments at the end that are to become one, and its rank; undefined when there are few enough. */
export function mergeDue(
  chosen: readonly Segment[],
): { readonly parts: readonly Segment[]; readonly rank: number } | undefined {
  for (let rank = MAX_RANK - 1; rank >= 0; rank -= 1) {
    const parts = lastOfRank(chosen, rank);
    const count = parts.filter((part) => part.rank === rank).length;
    if (count >= MERGED_AT_ONCE) return { parts, rank: rank + 1 };
  }
  return undefined;
}

function lastOfRank(chosen: readonly Segment[], rank: number): readonly Segment[] {
  let first = chosen.length;
  const end = endOf(chosen);
  for (let part = chosen[first - 1]; part !== undefined; part = chosen[first - 1]) {
    if (part.rank > rank || end - part.start > MAX_MERGED_BYTES) break;
    first -= 1;
  }
  return chosen.slice(first);
}
