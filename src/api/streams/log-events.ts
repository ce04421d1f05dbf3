import { isUtf8 } from 'node:buffer';
import { invalidRequest } from '../../runs/errors.ts';
import type { Block, LogPiece } from './growing-logs.ts';
import { serverSentEvent } from './server-sent-events.ts';

/** A character of UTF-8 has at most four bytes: of one that is cut off, three can be there. */
const LONGEST_REST = 3;
/** Larger strings are work for the collector of old garbage, and take several times as long. */
const EVENT_BYTES = 64 * 1024;

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
 * Bytes of a log as events, the id of each the place after it. As text where they are UTF-8 (a character
 * that is cut off at the end is left to the next event), else as Base64: no byte is changed.
 */
export function logEvents({ bytes, offset, attempt, isLast }: LogPiece): Block<Buffer> | undefined {
  const events: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const part = bytes.subarray(at, at + EVENT_BYTES);
    const isEnd = isLast && at + part.length === bytes.length;
    const whole = isEnd ? part : part.subarray(0, part.length - cutOffBytes(part));
    if (whole.length === 0) break;
    events.push(logEvent(whole, { attempt, offset: offset + at }));
    at += whole.length;
  }
  return at === 0 ? undefined : { value: Buffer.concat(events), next: offset + at };
}

function logEvent(bytes: Buffer, { attempt, offset }: LogPlace): Buffer {
  const id = eventId({ attempt, offset: offset + bytes.length });
  // With a byte order mark, if there is one: `toString` leaves it where it is.
  if (isUtf8(bytes)) return serverSentEvent('log', { offset, text: bytes.toString() }, id);
  return serverSentEvent('log', { offset, base64: bytes.toString('base64') }, id);
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
