import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Storage } from '../../src/storage/storage.ts';

/** UTF-8 has the order of code points; JavaScript's own is that of code units. */
export function byCodePoint(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

export async function removeAll(storage: Storage): Promise<void> {
  const keys = (await all(storage, '')).map(({ key }) => key);
  const beginnings = new Set(keys.map((key) => String.fromCodePoint(key.codePointAt(0) ?? 0)));
  for (const beginning of beginnings) await storage.deletePrefix(beginning);
}

const WRITES_AT_ONCE = 16;

export async function writeAll(storage: Storage, keys: readonly string[]): Promise<void> {
  const pending = [...keys];
  const work = async () => {
    for (let key = pending.pop(); key !== undefined; key = pending.pop())
      await write(storage, key, key);
  };
  await Promise.all(Array.from({ length: WRITES_AT_ONCE }, work));
}

export async function write(storage: Storage, key: string, content: string): Promise<void> {
  await storage.put(key, Readable.from([Buffer.from(content)]));
}

export async function read(storage: Storage, key: string): Promise<string> {
  return text(await storage.get(key));
}

/** The whole list, for storages that hold little. */
export async function all(
  storage: Storage,
  prefix: string,
): Promise<readonly { key: string; sizeBytes: number }[]> {
  const listed = [];
  for await (const object of storage.list(prefix)) listed.push(object);
  return listed;
}
