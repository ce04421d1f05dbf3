import { invalidRequest } from '../../runs/errors.ts';
import type { Block, LogPiece } from './growing-logs.ts';
import { serverSentEvent } from './server-sent-events.ts';

/** A character of UTF-8 has at most four bytes: of one that is cut off, three can be there. */
const LONGEST_REST = 3;
const ENCODING = { fatal: true, ignoreBOM: true } as const;

/** A place in the logs of a run. */
export interface LogPlace {
  readonly attempt: number;
  /** In bytes. */
  readonly offset: number;
}

export function eventId({ attempt, offset }: LogPlace): string {
  return `${attempt}-${offset}`;
}

/** @throws WesError `invalid_request` */
export function placeOf(id: string): LogPlace {
  const [, attempt, offset] = /^(\d{1,9})-(\d{1,15})$/.exec(id) ?? [];
  if (attempt !== undefined && offset !== undefined) {
    return { attempt: Number(attempt), offset: Number(offset) };
  }
  throw invalidRequest('Last-Event-ID', `'${id}' is not the id of an event of a log`);
}

/**
 * Bytes of a log as one event, whose id is the place after them. As text where they are UTF-8 (a
 * character that is cut off at the end is left to the next event), else as Base64: no byte is changed.
 */
export function logEvent({ bytes, offset, attempt, isLast }: LogPiece): Block<Buffer> | undefined {
  const whole = isLast ? bytes.length : bytes.length - cutOffBytes(bytes);
  if (whole === 0) return undefined;
  const part = bytes.subarray(0, whole);
  const text = textOf(part);
  const content = text === undefined ? { base64: part.toString('base64') } : { text };
  const next = offset + whole;
  return {
    value: serverSentEvent('log', { offset, ...content }, eventId({ attempt, offset: next })),
    next,
  };
}

function textOf(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', ENCODING).decode(bytes);
  } catch {
    return undefined;
  }
}

/** How many bytes at the end may be the beginning of a character that goes on after them. */
function cutOffBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(LONGEST_REST, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return charLength(byte) > back ? back : 0;
  }
  return 0;
}

/** By the first byte (RFC 3629, section 3). */
function charLength(first: number): number {
  if (first >= 0xf0) return 4;
  return first >= 0xe0 ? 3 : 2;
}
