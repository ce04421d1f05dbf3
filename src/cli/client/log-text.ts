import { setTimeout as delay } from 'node:timers/promises';
import type { Writable } from 'node:stream';
import { WesClientError } from '../../wes/client-error.ts';
import type { WesClient } from '../../wes/client.ts';

/**
 * `stdout` and `stderr` of a log are addresses by the standard; servers in the field put the text
 * itself there.
 */
function isAddress(value: string): boolean {
  return /^(?:https?:\/|\.{0,2}\/)\S*$/i.test(value);
}

/**
 * Writes what a log holds beyond its first `offset` bytes; gives how many bytes it holds now. A log
 * that is not there yet holds none.
 */
export async function copyLog(
  client: WesClient,
  value: string,
  offset: number,
  target: Writable,
): Promise<number> {
  if (!isAddress(value)) return await write(target, Buffer.from(value), 0, offset);
  const { body, isPartial } = await client.read(value, { start: offset }).catch(noneYet);
  let position = isPartial ? offset : 0;
  for await (const chunk of body ?? []) position = await write(target, chunk, position, offset);
  return Math.max(position, offset);
}

/** Writes the part of a chunk that lies beyond `offset`, waiting where the target is slow. */
async function write(
  target: Writable,
  chunk: Uint8Array,
  position: number,
  offset: number,
): Promise<number> {
  const fresh = chunk.subarray(Math.max(0, offset - position));
  if (fresh.length > 0) {
    await new Promise<void>((resolve, reject) => {
      target.write(fresh, (error) => (error instanceof Error ? reject(error) : resolve()));
    });
  }
  return position + chunk.length;
}

function noneYet(error: unknown): { body: null; isPartial: true } {
  if (error instanceof WesClientError && error.kind === 'not_found') {
    return { body: null, isPartial: true };
  }
  throw error;
}

export interface LogSource {
  /** What the log's field holds now; undefined while there is none. */
  readonly value: string | undefined;
  readonly target: Writable;
}

/**
 * Writes logs as a server tells them, to their ends. False, and nothing written, where it can't, or where
 * one of them is not at an address of its own.
 */
export async function streamLogs(
  client: WesClient,
  logs: readonly LogSource[],
  signal: AbortSignal,
): Promise<boolean> {
  const streams = await Promise.all(
    logs.map(async ({ value }) => await streamOf(client, value, signal)),
  );
  if (streams.includes(undefined)) {
    for (const stream of streams) await stream?.return();
    return false;
  }
  await Promise.all(
    logs.map(async ({ target }, index) => {
      for await (const bytes of streams[index] ?? []) await write(target, bytes, 0, 0);
    }),
  );
  return true;
}

async function streamOf(client: WesClient, value: string | undefined, signal: AbortSignal) {
  if (value === undefined || !isAddress(value)) return undefined;
  return await client.followLog(value, { signal });
}

const FOLLOW_INTERVAL_MS = 500;

/** Writes logs as they grow until `state` says that they are whole. */
export async function followLogs(
  client: WesClient,
  state: () => Promise<{ readonly logs: readonly LogSource[]; readonly isWhole: boolean }>,
  signal: AbortSignal,
): Promise<void> {
  const offsets: number[] = [];
  for (;;) {
    // Asked before the reading: what was written until the end is then read as well.
    const { logs, isWhole } = await state();
    for (const [index, log] of logs.entries()) {
      if (log.value === undefined) continue;
      offsets[index] = await copyLog(client, log.value, offsets[index] ?? 0, log.target);
    }
    if (isWhole) return;
    await delay(FOLLOW_INTERVAL_MS, undefined, { signal });
  }
}

/** The last lines of a log, of at most `maxBytes`. */
export async function logTail(
  client: WesClient,
  value: string,
  limits: { readonly maxBytes: number; readonly maxLines: number },
): Promise<readonly string[]> {
  let tail = Buffer.from(isAddress(value) ? '' : value);
  if (isAddress(value)) {
    const { body } = await client.read(value, { last: limits.maxBytes }).catch(noneYet);
    for await (const chunk of body ?? []) {
      tail = Buffer.concat([tail, chunk]).subarray(-limits.maxBytes);
    }
  }
  const lines = tail.toString('utf8').trimEnd().split('\n');
  return lines.slice(-limits.maxLines).filter((line, index) => index > 0 || line !== '');
}
