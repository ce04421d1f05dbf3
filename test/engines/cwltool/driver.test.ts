import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cwlRun, shellTool } from '../../support/cwl-samples.ts';
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

  async function run(): Promise<void> {
    const directory = join(root, 'run');
    await mkdir(join(directory, 'tasks'), { recursive: true });
    const place = (file: string): string => join(directory, file);
    await writeFile(place('inputs.json'), '{}');
    const [program = '', ...words] = installation?.launcher ?? [];
    const own = ['run-root', 'events', 'tasks', 'outputs-object', 'inputs'];
    const values = [root, ...['events', 'tasks', 'outputs.json', 'inputs.json'].map(place)];
    const driver = own.flatMap((option, index) => [`--${option}`, values[index] ?? '']);
    const cwltool = ['--no-container', '--outdir', place('out'), join(root, 'main.cwl')];
    await promisify(execFile)(program, [...words, DRIVER, ...driver, '--', ...cwltool], {
      cwd: directory,
      env: { PATH: process.env.PATH, HOME: root, TMPDIR: root, PYTHONDONTWRITEBYTECODE: '1' },
    });
  }

  test('it leaves no compiled files where the service is installed', async () => {
    await writeFile(join(root, 'main.cwl'), cwlRun(shellTool('true')).files['main.cwl'] ?? '');
    await run();
    await expect(readFile(join(DRIVER, '__pycache__'))).rejects.toThrow('ENOENT');
  });
});
