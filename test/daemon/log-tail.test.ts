import { appendFile, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogTail } from '../../src/daemon/log-tail.ts';
import { createLocalStorage } from '../../src/storage/local.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { logBlocks } from '../support/log-blocks.ts';

const LIMIT = 1000;
const END = LIMIT / 4;
const KEY = 'runs/1/logs/1/stdout';

describe('The copy of a log that is limited', () => {
  let root: string;
  let path: string;
  let storage: Storage;
  let source: Buffer;

  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'wes-log-tail-')));
    path = join(root, 'stdout');
    storage = createLocalStorage({ root: join(root, 'storage') });
    const order = { kind: 'binary', sizeBytes: 5000, bytesPerSecond: 0 } as const;
    source = Buffer.concat([...logBlocks(order)]);
    await writeFile(path, '');
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const tail = (isNew = false) =>
    new LogTail({ path, root, key: KEY, isNew, limitBytes: LIMIT }, storage, () => undefined);
  const copied = async () => buffer(await storage.get(KEY));
  const grow = (from: number, to: number) => appendFile(path, source.subarray(from, to));

  it('is the log itself while that is hardly larger', async () => {
    const log = tail(true);
    await grow(0, LIMIT + 10);
    await log.copy(false);
    expect(await copied()).toEqual(source.subarray(0, LIMIT));
    await grow(LIMIT + 10, LIMIT + END);
    await log.copy(false);
    await log.copy(true);
    expect(await copied()).toEqual(source.subarray(0, LIMIT + END));
  });

  it('has a mark where something is left out, and the end once that is known', async () => {
    const log = tail(true);
    await grow(0, LIMIT + END + 1);
    await log.copy(false);
    const live = await copied();
    expect(live.subarray(0, LIMIT)).toEqual(source.subarray(0, LIMIT));
    expect(live.subarray(LIMIT).toString()).toBe(
      `\n… the log is larger than the ${LIMIT} bytes of LOG_MAX_SIZE: what follows is left out but for the last ${END} bytes …\n`,
    );
    await grow(LIMIT + END + 1, 5000);
    await log.copy(false);
    expect(await copied()).toEqual(live);
    await log.copy(true);
    const whole = await copied();
    expect(whole.subarray(0, live.length)).toEqual(live);
    expect(whole.subarray(-END)).toEqual(source.subarray(-END));
    expect(whole.subarray(live.length, -END).toString()).toBe(
      `… ${5000 - LIMIT - END} bytes left out here …\n`,
    );
  });

  it('is the same wherever the one before was killed while copying it', async () => {
    await grow(0, 5000);
    await tail().copy(true);
    const whole = await copied();
    for (let size = 0; size <= whole.length; size += 7) {
      await storage.delete(KEY);
      if (size > 0) await storage.append(KEY, 0, whole.subarray(0, size));
      const next = tail();
      await next.copy(false);
      await next.copy(true);
      await next.copy(true);
      expect((await copied()).equals(whole)).toBe(true);
    }
  });
});
