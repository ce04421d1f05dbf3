import { StorageError } from '../storage.ts';
import type { Segment } from './segments.ts';

/** S3 takes no longer names, in bytes of UTF-8. */
const MAX_NAME_BYTES = 1024;

/** `<generation>/<first byte>-<end>-<rank>`, as `segmentName` writes it. */
const SEGMENT = /^([0-9a-f]{32})\/(\d{16})-(\d{16})-(\d)$/;
const GENERATION = /^[0-9a-f]{32}$/;

/**
 * The names in the bucket. An object has the name `objects/<key>`. The bytes of one that grows are in
 * segments, `segments/<key>/<generation>/…`: those of a key can't be taken for those of a key below
 * it, because what follows the key has another number of slashes.
 */
export interface Layout {
  objectName(key: string): string;
  /** The key of a name that `objectName` gave. */
  keyOf(objectName: string): string;
  /** The beginning of the names of all segments of one generation. */
  generationPrefix(key: string, generation: string): string;
  segmentName(key: string, generation: string, segment: Omit<Segment, 'name'>): string;
  /** What `segmentName` was told; undefined for a name that it did not give. */
  parseSegment(name: string): ParsedSegment | undefined;
  /** The beginning of the names of segments whose keys begin with `prefix`; others begin so as well. */
  segmentsPrefix(prefix: string): string;
  /** The generation in a prefix as `generationPrefix` gives it for the key. */
  generationIn(key: string, prefix: string): string | undefined;
  /** Of a probe that is no object of anybody's. */
  probeName(id: string): string;
  /** What all names begin with; may be empty. */
  readonly root: string;
}

export interface ParsedSegment {
  readonly key: string;
  readonly generation: string;
  readonly segment: Segment;
}

export function createLayout(prefix = ''): Layout {
  const trimmed = prefix.replace(/^\/+|\/+$/g, '');
  const root = trimmed === '' ? '' : `${trimmed}/`;
  const objects = `${root}objects/`;
  const segments = `${root}segments/`;
  const generationPrefix = (key: string, generation: string) => `${segments}${key}/${generation}/`;
  return {
    root,
    objectName: (key) => checkedName(key, `${objects}${key}`),
    keyOf: (name) => name.slice(objects.length),
    generationPrefix,
    segmentName: (key, generation, { start, end, rank }) =>
      checkedName(
        key,
        `${generationPrefix(key, generation)}${digits(start)}-${digits(end)}-${rank}`,
      ),
    parseSegment: (name) => parseSegment(name.slice(segments.length), name),
    segmentsPrefix: (beginning) => `${segments}${beginning}`,
    generationIn: (key, found) => {
      const rest = found.slice(segments.length + key.length + 1, -1);
      return GENERATION.test(rest) ? rest : undefined;
    },
    probeName: (id) => `${root}probes/${id}`,
  };
}

function parseSegment(path: string, name: string): ParsedSegment | undefined {
  const [key, rest] = splitBefore(path, 2);
  const [, generation, start, end, rank] = SEGMENT.exec(rest) ?? [];
  if (generation === undefined) return undefined;
  const segment = { name, start: Number(start), end: Number(end), rank: Number(rank) };
  return { key, generation, segment };
}

/** Splits a path before its last `count` parts. */
function splitBefore(path: string, count: number): readonly [string, string] {
  const parts = path.split('/');
  return [parts.slice(0, -count).join('/'), parts.slice(-count).join('/')];
}

/** With zeros in front, the order of names is that of numbers. */
function digits(offset: number): string {
  return String(offset).padStart(16, '0');
}

function checkedName(key: string, name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  throw new StorageError(
    'invalid_key',
    `storage key ${JSON.stringify(key.slice(0, 200))} is too long for S3: names there, S3_PREFIX included, end at ${MAX_NAME_BYTES} bytes`,
  );
}
