import { execFile } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLocalStorage } from '../../src/storage/local.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { describeStorage } from '../conformance/storage.ts';
import { all } from '../support/stored.ts';

describeStorage('the local storage', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'wes-storage-'));
  return {
    storage: createLocalStorage({ root: join(directory, 'not', 'yet', 'there') }),
    other: createLocalStorage({ root: join(directory, 'not', 'yet', 'there') }),
    close: () => rm(directory, { recursive: true }),
  };
});

describe('the local storage', () => {
  let directory: string;
  let root: string;
  let storage: Storage;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'wes-storage-'));
    root = join(directory, 'root');
    storage = createLocalStorage({ root });
  });
  afterEach(() => rm(directory, { recursive: true }));

  const put = (key: string, content: string): Promise<unknown> =>
    storage.put(key, Readable.from([content]));

  it('makes files and directories that only its own user can read', async () => {
    await put('a/b', 'put');
    await storage.append('a/c', 0, Buffer.from('appended'));
    const modes = await Promise.all(
      ['.', 'objects', 'incoming', 'objects/a', 'objects/a/b', 'objects/a/c'].map(
        async (path) => (await stat(join(root, path))).mode & 0o777,
      ),
    );
    expect(modes).toEqual([0o700, 0o700, 0o700, 0o700, 0o600, 0o600]);
  });

  it('keeps an object in a file that its address names', async () => {
    await put('runs/1/ü #1', 'content');
    expect(await readFile(fileURLToPath(storage.url('runs/1/ü #1')), 'utf8')).toBe('content');
  });

  it('leaves no temporary file behind, whether the stream ended or failed', async () => {
    await put('a', 'x');
    const failing = new Readable({ read: () => failing.destroy(new Error('gone')) });
    await expect(storage.put('b', failing)).rejects.toThrow('gone');
    expect(await readdir(join(root, 'incoming'))).toEqual([]);
  });

  it('removes directories that became empty', async () => {
    await put('a/b/c', 'x');
    await put('d/e/f', 'x');
    await storage.delete('a/b/c');
    await storage.deletePrefix('d/e/');
    expect(await readdir(join(root, 'objects'))).toEqual([]);
  });

  it('does not take an object below another one', async () => {
    await put('a', 'x');
    await put('b/c', 'x');
    for (const key of ['a/b', 'b']) {
      await expect(put(key, 'y')).rejects.toMatchObject({ code: 'invalid_key' });
      await expect(storage.append(key, 0, Buffer.from('y'))).rejects.toMatchObject({
        code: 'invalid_key',
      });
    }
    expect(await readdir(join(root, 'incoming'))).toEqual([]);
  });

  it('passes on the failure of a stream that reads a file', async () => {
    const body = createReadStream(join(directory, 'missing'));
    await expect(storage.put('a', body)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('does not follow symbolic links below its root', async () => {
    await put('a/real', 'x');
    await mkdir(join(directory, 'outside'));
    await writeFile(join(directory, 'outside', 'secret'), 'secret');
    await symlink(join(directory, 'outside', 'secret'), join(root, 'objects', 'file'));
    await symlink(join(directory, 'outside'), join(root, 'objects', 'directory'));

    for (const key of ['file', 'directory/secret']) {
      await expect(storage.get(key), key).rejects.toMatchObject({ code: 'not_found' });
      expect(await storage.stat(key), key).toBeUndefined();
      await expect(storage.append(key, 0, Buffer.from('overwritten'))).rejects.toMatchObject({
        code: 'invalid_key',
      });
      await storage.delete(key);
    }
    await expect(storage.append('directory/new', 3, Buffer.from('x'))).rejects.toThrow();
    await expect(put('directory/new/er', 'x')).rejects.toMatchObject({ code: 'invalid_key' });
    await storage.deletePrefix('directory/');
    expect((await all(storage, '')).map(({ key }) => key)).toEqual(['a/real']);
    expect(await all(storage, 'directory/')).toEqual([]);
    expect(await readdir(join(directory, 'outside'))).toEqual(['secret']);
    expect(await readFile(join(directory, 'outside', 'secret'), 'utf8')).toBe('secret');
  });

  it('works when its root is reached through a symbolic link', async () => {
    await mkdir(join(directory, 'elsewhere'));
    await symlink(join(directory, 'elsewhere'), join(directory, 'link'));
    const linked = createLocalStorage({ root: join(directory, 'link') });
    await linked.put('a/b', Readable.from(['x']));
    expect(await text(await linked.get('a/b'))).toBe('x');
    expect(await readdir(join(directory, 'elsewhere', 'objects', 'a'))).toEqual(['b']);
  });

  it('removes what dead writers left, not what is being written', async () => {
    await storage.check();
    const old = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await writeFile(join(root, 'incoming', 'dead'), 'x');
    await utimes(join(root, 'incoming', 'dead'), old, old);
    await writeFile(join(root, 'incoming', 'living'), 'x');
    await storage.check();
    expect(await readdir(join(root, 'incoming'))).toEqual(['living']);
  });

  it('says that it is unavailable when its root can not be a directory', async () => {
    await writeFile(join(directory, 'file'), '');
    const broken = createLocalStorage({ root: join(directory, 'file') });
    await expect(broken.check()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(join(directory, 'file')),
    });
  });
});

it('a put that finds no room says so, and leaves nothing', async () => {
  const root = await mkdtemp(join(tmpdir(), 'wes-storage-'));
  const script = `
    const { createLocalStorage } = await import(process.argv[1]);
    const { Readable } = await import('node:stream');
    const storage = createLocalStorage({ root: process.argv[2] });
    const body = Readable.from([Buffer.alloc(1_000_000), Buffer.alloc(1_000_000)]);
    await storage.put('a', body).catch((error) => console.log(error.name, error.code));`;
  const local = new URL('../../src/storage/local.ts', import.meta.url).href;
  // Files of that process end at a megabyte or half of one, by what the shell counts in.
  const limited = 'ulimit -f 1024; exec "$0" --input-type=module -e "$@"';
  const child = promisify(execFile)('sh', ['-c', limited, process.execPath, script, local, root]);
  expect((await child).stdout).toBe('StorageError unavailable\n');
  expect(await readdir(join(root, 'incoming'))).toEqual([]);
  await rm(root, { recursive: true });
});
