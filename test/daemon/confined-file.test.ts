import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openConfined } from '../../src/daemon/confined-file.ts';

let work: string;
let run: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'wes-confined-'));
  run = join(work, 'run');
  await mkdir(join(run, 'outputs'), { recursive: true });
  await mkdir(join(work, 'run-of-another'));
  await writeFile(join(work, 'run-of-another', 'secret'), 'secret');
  await writeFile(join(run, 'real'), 'mine');
});
afterEach(() => rm(work, { recursive: true }));

async function contentOf(path: string): Promise<string | undefined> {
  const file = await openConfined(path, [run]);
  if (file === undefined) return undefined;
  return await text(file.createReadStream());
}

it('a file of the run is opened, also by a link within the run', async () => {
  await symlink('../real', join(run, 'outputs', 'link'));
  expect(await contentOf(join(run, 'real'))).toBe('mine');
  expect(await contentOf(join(run, 'outputs', 'link'))).toBe('mine');
});

it('a link to a file of another run, or of the machine, opens nothing', async () => {
  const targets = ['../../run-of-another/secret', '/etc/passwd', '/proc/self/environ'];
  for (const [index, target] of targets.entries()) {
    const link = join(run, 'outputs', `link-${index}`);
    await symlink(target, link);
    expect(await contentOf(link)).toBeUndefined();
  }
});

it('a folder that is a link leads to nothing outside', async () => {
  await symlink('../../run-of-another', join(run, 'outputs', 'folder'));
  expect(await contentOf(join(run, 'outputs', 'folder', 'secret'))).toBeUndefined();
});

it('dots in a path lead to nothing outside, nor to a run whose name begins alike', async () => {
  expect(await contentOf(`${run}/outputs/../../run-of-another/secret`)).toBeUndefined();
});

it('what is no file is not waited for', async () => {
  const pipe = join(run, 'outputs', 'pipe');
  execFileSync('mkfifo', [pipe]);
  expect(await contentOf(pipe)).toBeUndefined();
  expect(await contentOf(join(run, 'outputs'))).toBeUndefined();
});
