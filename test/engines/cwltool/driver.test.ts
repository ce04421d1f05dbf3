import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readTaskEvents } from '../../../src/engines/driven/events.ts';
import type { TaskEvent } from '../../../src/engines/engine.ts';
import { ANY_FILE, chain, cwlRun, shellTool } from '../../support/cwl-samples.ts';
import { findCwltool } from '../../support/engines.ts';
import { describeWith } from '../../support/suite.ts';

const { installation, missing } = await findCwltool();
const DRIVER = join(import.meta.dirname, '../../../src/engines/cwltool/driver');

describeWith('the cwltool driver on its own', missing, () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'wes-driver-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  async function run(name: string, ...options: readonly string[]): Promise<readonly TaskEvent[]> {
    const directory = join(root, name);
    await mkdir(join(directory, 'tasks'), { recursive: true });
    const place = (file: string): string => join(directory, file);
    await writeFile(place('inputs.json'), '{}');
    const [program = '', ...words] = installation?.launcher ?? [];
    const own = ['run-root', 'events', 'tasks', 'outputs-object', 'inputs'];
    const values = [root, ...['events', 'tasks', 'outputs.json', 'inputs.json'].map(place)];
    const driver = own.flatMap((option, index) => [`--${option}`, values[index] ?? '']);
    const cwltool = [
      '--no-container',
      '--outdir',
      place('out'),
      ...options,
      join(root, 'main.cwl'),
    ];
    await promisify(execFile)(program, [...words, DRIVER, ...driver, '--', ...cwltool], {
      cwd: directory,
      env: { PATH: process.env.PATH, HOME: root, TMPDIR: root, PYTHONDONTWRITEBYTECODE: '1' },
    });
    return (await readTaskEvents(place('events'), 0)).events;
  }

  test('tasks whose results cwltool has cached are told as such', async () => {
    const tool = (name: string): ReturnType<typeof shellTool> =>
      shellTool(`echo ${name} > ${name}`, { made: ANY_FILE(name) });
    const { files } = cwlRun(chain({ first: tool('a'), second: tool('b') }));
    await writeFile(join(root, 'main.cwl'), files['main.cwl'] ?? '');
    const cached = ['--cachedir', join(root, 'cache')];
    const fresh = await run('one', ...cached);
    expect(fresh.flatMap(({ notes }) => notes)).not.toContain('results of an earlier execution');
    const again = await run('two', ...cached);
    expect(again.map(({ type }) => type)).toEqual(['started', 'ended', 'started', 'ended']);
    expect(again[0]?.notes).toEqual(['results of an earlier execution']);
    expect(JSON.parse(await readFile(join(root, 'two', 'outputs.json'), 'utf8'))).toHaveProperty(
      'second.basename',
      'b',
    );
  });

  test('it leaves no compiled files where the service is installed', async () => {
    await writeFile(join(root, 'main.cwl'), cwlRun(shellTool('true')).files['main.cwl'] ?? '');
    await run('one');
    await expect(readFile(join(DRIVER, '__pycache__'))).rejects.toThrow('ENOENT');
  });
});
