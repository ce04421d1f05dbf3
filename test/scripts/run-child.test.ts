import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';

const RUN_CHILD = join(import.meta.dirname, '..', '..', 'scripts', 'run-child.cjs');

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wes-run-child-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Starts a script that runs these shell commands one after the other, and prints each one's status. */
function runScript(commands: readonly string[]) {
  const source = `
    const { runChild } = require(${JSON.stringify(RUN_CHILD)});
    (async () => {
      for (const command of ${JSON.stringify(commands)})
        console.log(await runChild('sh', ['-c', command], { cwd: ${JSON.stringify(directory)} }));
    })();`;
  const script = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  const printed = text(script.stdout);
  const ended = new Promise<number | null>((resolve) => script.once('exit', resolve));
  return { script, ended, printed };
}

function readIfThere(name: string): string {
  const path = join(directory, name);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
}

function isAlive(processId: number): boolean {
  return existsSync(`/proc/${processId}`);
}

describe('the programs of a script', () => {
  test('give it their exit status', async () => {
    const { printed } = runScript(['exit 0', 'exit 3', 'kill -9 $$', 'no-such-program']);
    expect((await printed).split('\n')).toEqual(['0', '3', '1', '127', '']);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'end with all that they started when it gets %s, and no other is started',
    async (signal) => {
      const { script, ended } = runScript([
        'sleep 60 & echo $! > started; wait',
        'touch started-another',
      ]);
      const grandchild = Number(await until(() => readIfThere('started')));
      script.kill(signal);
      expect(await ended).toBe(130);
      await until(() => !isAlive(grandchild));
      expect(readIfThere('started-another')).toBe('');
    },
  );

  test('may end in order on a signal, which reaches them once although it came twice', async () => {
    const { script, ended, printed } = runScript([
      // Not one long sleep: a signal just before its start would leave it running.
      'trap "echo x >> signals" TERM; touch started; until [ -s signals ]; do sleep 0.1; done; sleep 1',
    ]);
    await until(() => existsSync(join(directory, 'started')));
    script.kill('SIGTERM');
    script.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(await printed).toBe('0\n');
    expect(readIfThere('signals')).toBe('x');
  });
});
