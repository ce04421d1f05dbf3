import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readOutputs } from '../../../src/engines/cwltool/outputs.ts';
import { runDirectory, type RunDirectory } from '../../../src/runs/run-directory.ts';

let root = '';
let directory: RunDirectory;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'wes outputs-'));
  directory = runDirectory(root, 'run', 1);
  await mkdir(directory.outputs, { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const address = (name: string): string => pathToFileURL(join(directory.outputs, name)).href;
const tell = (object: unknown): Promise<void> =>
  writeFile(join(directory.root, 'outputs.json'), JSON.stringify(object));
const make = async (name: string): Promise<void> => {
  await mkdir(dirname(join(directory.outputs, name)), { recursive: true });
  await writeFile(join(directory.outputs, name), name);
};

test('values that are no files stay as they are', async () => {
  const object = { n: 1, text: 'file:///x', list: [null, true], record: { path: 'p' } };
  await tell(object);
  expect(await readOutputs(directory)).toEqual({ object, files: [] });
});

test('a file keeps all but its path', async () => {
  await make('a b#.txt');
  const facts = { class: 'File', basename: 'a b#.txt', checksum: 'sha1$1', size: 8 };
  await tell({ made: { ...facts, location: address('a b#.txt'), path: '/x' } });
  expect(await readOutputs(directory)).toEqual({
    object: { made: { ...facts, location: 'wes-output:a b#.txt' } },
    files: [{ path: 'a b#.txt', source: join(directory.outputs, 'a b#.txt') }],
  });
});

test('a file named twice is stored once', async () => {
  await make('a');
  const file = { class: 'File', location: address('a') };
  await tell({ one: file, more: [file, { nested: file }] });
  expect((await readOutputs(directory)).files).toHaveLength(1);
});

test('literals and files on the web keep their addresses', async () => {
  const object = {
    literal: { class: 'File', location: '_:1', contents: 'x' },
    remote: { class: 'File', location: 'https://host/x' },
  };
  await tell(object);
  expect(await readOutputs(directory)).toEqual({ object, files: [] });
});

test('an output that is no object, outside, missing or a link to the outside is an error', async () => {
  await tell([]);
  await expect(readOutputs(directory)).rejects.toThrow('not an object');
  await tell({ a: { class: 'File', location: 'file:///etc/passwd', basename: 'passwd' } });
  await expect(readOutputs(directory)).rejects.toThrow("'passwd' is not in the output directory");
  await tell({ a: { class: 'File', location: address('lost') } });
  await expect(readOutputs(directory)).rejects.toThrow('ENOENT');
  await symlink('/etc/passwd', join(directory.outputs, 'link'));
  await tell({ a: { class: 'File', location: address('link') } });
  await expect(readOutputs(directory)).rejects.toThrow('leads outside the run');
  await tell({ a: { class: 'File', location: pathToFileURL(directory.outputs).href } });
  await expect(readOutputs(directory)).rejects.toThrow('not a regular file');
});

test('a link within the run is followed once', async () => {
  await mkdir(directory.execution, { recursive: true });
  const target = join(directory.execution, 'reads');
  await writeFile(target, 'x');
  await symlink(target, join(directory.outputs, 'link'));
  await tell({ a: { class: 'File', location: address('link') } });
  expect((await readOutputs(directory)).files).toEqual([{ path: 'link', source: target }]);
});
