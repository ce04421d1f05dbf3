import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { findCwltool, TEST_ENGINES } from '../support/engines.ts';
import { endOf, textOf } from '../support/runs.ts';
import { addressOf, clientFor, TestDeployment, untilPrinted } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';
import { until } from '../support/until.ts';

/** How long the workflow takes; the promise is about runs of ten minutes and more. */
const MINUTES = Number(process.env.RECOVERY_SCENARIO_MINUTES ?? '0.25');
const STAGES = 4;
const LINES = 20;
const PAUSE_SECONDS = (MINUTES * 60) / STAGES / LINES;

vi.setConfig({ testTimeout: (MINUTES * 2 + 4) * 60_000, hookTimeout: 120_000 });

const { missing } = await findCwltool();

/** Says what it does for its whole time, and leaves a mark each time that it is executed. */
const SCRIPT = `echo "$0" >> "$1/$0.starts"
i=1; while [ $i -le ${LINES} ]; do echo "$0 line $i" >&2; sleep ${PAUSE_SECONDS}; i=$((i + 1)); done
echo "$0"`;

const TOOL = {
  class: 'CommandLineTool',
  baseCommand: ['sh', '-c', SCRIPT],
  inputs: {
    name: { type: 'string', inputBinding: { position: 1 } },
    marks: { type: 'string', inputBinding: { position: 2 } },
    after: { type: ['null', 'Any'] },
  },
  outputs: { said: { type: 'stdout' } },
};

/** One task, then three at once, then one, then one. */
function workflow() {
  const step = (name: string, after?: string) => ({
    run: TOOL,
    in: {
      name: { default: name },
      marks: 'marks',
      ...(after !== undefined && { after: `${after}/said` }),
    },
    out: ['said'],
  });
  const scattered = {
    run: TOOL,
    scatter: 'name',
    in: { name: { default: ['b1', 'b2', 'b3'] }, marks: 'marks', after: 'a/said' },
    out: ['said'],
  };
  return {
    cwlVersion: 'v1.2',
    class: 'Workflow',
    requirements: { ScatterFeatureRequirement: {} },
    inputs: { marks: 'string' },
    outputs: { said: { type: 'File', outputSource: 'd/said' } },
    steps: { a: step('a'), b: scattered, c: step('c', 'b'), d: step('d', 'c') },
  };
}

describeWith('A long CWL run whose daemon is killed in the middle', missing, () => {
  test('goes on with the next daemon: no task starts again, and tasks and logs are whole', async () => {
    const deployment = await TestDeployment.create({
      ENGINE_INSTALL_DIR: TEST_ENGINES,
      RUN_CORES: '4',
    });
    const directory = mkdtempSync(join(tmpdir(), 'wes-recovery-'));
    const marks = join(directory, 'marks');
    mkdirSync(marks);
    const file = join(directory, 'main.cwl');
    writeFileSync(file, JSON.stringify(workflow()));
    try {
      await deployment.run(['migrate']);
      const address = await addressOf(deployment.start(['serve']));
      const client = clientFor(address);
      const first = deployment.start(['daemon']);
      await untilPrinted(first, 'cwltool');
      const args = ['submit', file, '--server', address, '--inputs', JSON.stringify({ marks })];
      const { stdout, stderr } = await deployment.run(args);
      expect(stderr).toBe('');
      const runId = stdout.trim();
      // In the middle: the tasks of the second stage are at work.
      await until(() => readdirSync(marks).includes('b3.starts'), {
        timeoutMs: (MINUTES + 2) * 60_000,
      });
      first.signal('SIGKILL');
      await first.ended;
      const second = deployment.start(['daemon']);
      await untilPrinted(second, 'cwltool');
      const end = await endOf(client, runId, (MINUTES + 3) * 60_000);
      expect(end.state).toBe('COMPLETE');
      const log = end.run_log?.system_logs?.join('\n') ?? '';
      expect(log).toContain('lease taken over');
      expect(log).not.toContain('RUNNING → QUEUED');

      const names = ['a', 'b1', 'b2', 'b3', 'c', 'd'];
      for (const name of names) {
        expect(readFileSync(join(marks, `${name}.starts`), 'utf8')).toBe(`${name}\n`);
      }
      const { items: tasks } = await client.listTasks(runId);
      expect(tasks).toHaveLength(names.length);
      const said: string[] = [];
      for (const task of tasks) {
        expect(task.exit_code).toBe(0);
        expect(task.start_time && task.end_time && task.start_time <= task.end_time).toBe(true);
        said.push(await textOf(client, task.stderr));
      }
      const whole = (name: string) =>
        Array.from({ length: LINES }, (_, index) => `${name} line ${index + 1}\n`).join('');
      expect(said.toSorted()).toEqual(names.map(whole).toSorted());
      expect(await textOf(client, end.run_log?.stderr)).toContain('success');
    } finally {
      rmSync(directory, { recursive: true, force: true });
      await deployment.close();
    }
  });
});
