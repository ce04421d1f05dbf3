import { invalidRequest } from './errors.ts';

/** What file systems and object stores take without renaming. */
const MAX_SEGMENT_BYTES = 255;
/** With the prefix of its run in front, a name is a key of storage, and keys end at 1024 bytes. */
const MAX_NAME_BYTES = 960;

const FIELD = 'workflow_attachment';
const encoder = new TextEncoder();

/** Collects the names of one request's attachments and refuses what can't be staged next to the others. */
export interface AttachmentNames {
  /** @throws WesError `invalid_request` that names the attachment and what is wrong with its name */
  add(name: string): void;
}

export function createAttachmentNames(): AttachmentNames {
  const files = new Map<string, string>();
  const directories = new Map<string, string>();
  return {
    add(name) {
      checkAttachmentName(name);
      const key = foldedName(name);
      const parents = parentsOf(key);
      const twin = files.get(key);
      if (twin !== undefined) throw twice(name, twin);
      const below = directories.get(key);
      if (below !== undefined) throw fileAndDirectory(name, below);
      const above = parents.map((parent) => files.get(parent)).find((file) => file !== undefined);
      if (above !== undefined) throw fileAndDirectory(above, name);
      files.set(key, name);
      for (const parent of parents) directories.set(parent, name);
    },
  };
}

/**
 * A name is a relative POSIX path that stays below the run's directory (WES 1.1, RunWorkflow). A name
 * that would have to be changed to be safe is refused: the workflow refers to it as it was sent.
 * @throws WesError `invalid_request`
 */
export function checkAttachmentName(name: string): void {
  const problem = nameProblem(name);
  if (problem !== undefined) throw invalidRequest(FIELD, `file name '${shown(name)}' ${problem}`);
}

function nameProblem(name: string): string | undefined {
  if (name === '') return 'is empty; give each attachment a file name in its Content-Disposition';
  // U+FFFD is what bytes become that are no UTF-8.
  if (!name.isWellFormed() || name.includes('\uFFFD')) return 'is not valid UTF-8';
  if (/\p{Cc}/u.test(name)) return 'contains a control character';
  if (name.includes('\\')) return "contains a backslash; separate directories by '/'";
  if (name.startsWith('/')) return 'is absolute; use a path relative to the workflow';
  if (encoder.encode(name).length > MAX_NAME_BYTES) return `is longer than ${MAX_NAME_BYTES} bytes`;
  return name.split('/').map(segmentProblem).find(Boolean);
}

function segmentProblem(segment: string): string | undefined {
  if (segment === '') return "has an empty path segment: a doubled '/' or one at its end";
  if (segment === '.' || segment === '..') return `must not contain the path segment '${segment}'`;
  if (encoder.encode(segment).length > MAX_SEGMENT_BYTES) {
    return `has a path segment longer than ${MAX_SEGMENT_BYTES} bytes`;
  }
  return undefined;
}

/** Names with the same folding are one file on a file system that ignores case or normalises Unicode. */
function foldedName(name: string): string {
  return name.normalize('NFC').toLowerCase().normalize('NFC');
}

function parentsOf(path: string): readonly string[] {
  const segments = path.split('/');
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'));
}

function twice(name: string, earlier: string): Error {
  if (name === earlier) return invalidRequest(FIELD, `file name '${shown(name)}' occurs twice`);
  return invalidRequest(
    FIELD,
    `file names '${shown(earlier)}' and '${shown(name)}' are the same on some file systems; rename one`,
  );
}

function fileAndDirectory(file: string, inside: string): Error {
  return invalidRequest(
    FIELD,
    `file name '${shown(file)}' is also a directory, of '${shown(inside)}'; rename one`,
  );
}

function shown(name: string): string {
  const printable = name.toWellFormed().replace(/\p{Cc}/gu, '\uFFFD');
  return printable.length > 100 ? `${printable.slice(0, 100)}…` : printable;
}
