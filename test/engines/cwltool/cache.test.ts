import { readdirSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { createCwltoolEngine } from '../../../src/engines/cwltool/engine.ts';
import type { JsonObject } from '../../../src/runs/json.ts';
import { useCachedRuns } from '../../support/cached-run.ts';
import { ANY_FILE, chain, cwlRun, scatter, shellTool } from '../../support/cwl-samples.ts';
import { findCwltool } from '../../support/engines.ts';
import { signalGroup, startEngineRun } from '../../support/engine-run.ts';
import { describeWith } from '../../support/suite.ts';
import { until } from '../../support/until.ts';

const { all, missing } = await findCwltool();
const engine = createCwltoolEngine();

// Each test makes several runs, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

describeWith('cwltool with a cache', missing, () => {
  for (const installation of all) {
    describeWith(installation.version, undefined, () => {
      const { pathOf, run, completed } = useCachedRuns(engine, installation);

      const COUNT = {
        class: 'CommandLineTool',
        baseCommand: ['sh', '-c', 'wc -c < "$0" | tr -d " "'],
        inputs: { reads: { type: 'File', inputBinding: { position: 1 } } },
        outputs: { made: 'stdout' },
        stdout: 'count',
      };

      test('a changed input has its tasks run again, wherever it lies and whatever its name', async () => {
        const reads = (content: string) =>
          cwlRun(
            COUNT,
            { reads: { class: 'File', location: 'a%20b%23.fq' } },
            { 'a b#.fq': content },
          );
        expect(await completed(reads('ACGT'))).toMatchObject({
          outputs: { count: '4\n' },
          taken: [],
        });
        expect(await completed(reads('ACGT'))).toMatchObject({
          outputs: { count: '4\n' },
          ran: [],
        });
        const changed = await completed(reads('ACGTA'));
        expect(changed).toMatchObject({ outputs: { count: '5\n' }, taken: [] });
      });

      test('a changed tool runs again, and those after it only when its result differs', async () => {
        const after = shellTool('cat "$0" > made', { made: ANY_FILE('made') });
        const binding = { before: { type: 'File', inputBinding: { position: 1 } } };
        const workflow = (script: string) => {
          const tools = { first: shellTool(script, { made: ANY_FILE('made') }), second: after };
          const { steps, ...rest } = chain(tools);
          const [first, second] = Object.values(steps as Record<string, JsonObject>); // made by chain
          return cwlRun({
            ...rest,
            steps: {
              first: first ?? {},
              second: { ...second, run: { ...after, inputs: binding } },
            },
          });
        };
        await completed(workflow('echo 1 > made'));
        const same = await completed(workflow('echo 1 > made # again'));
        expect(same).toMatchObject({ ran: ['first'], taken: ['second'] });
        const other = await completed(workflow('echo 2 > made'));
        expect(other).toMatchObject({ ran: ['first', 'second'], taken: [] });
        expect(Object.values(other.outputs)).toEqual(['2\n', '2\n']);
      });

      test('inputs count that are no words of the command', async () => {
        const tool = (requirements: JsonObject, more: JsonObject) => ({
          ...scatter('', {}),
          requirements: { ScatterFeatureRequirement: {}, StepInputExpressionRequirement: {} },
          steps: {
            each: {
              scatter: 'number',
              in: { number: 'numbers' },
              out: ['made'],
              run: { ...shellTool('true', { made: 'stdout' }, more), requirements },
            },
          },
        });
        const given = { numbers: [1, 2, 3] };
        const inputs = { number: 'int' };
        const environment = tool(
          { EnvVarRequirement: { envDef: { N: '0$(inputs.number)' } } },
          { arguments: ['expr $N + 0'], inputs },
        );
        const listing = [{ entryname: 'n', entry: '$(inputs.number)' }];
        const staged = tool(
          { InitialWorkDirRequirement: { listing } },
          { arguments: ['cat n; echo'], inputs },
        );
        for (const document of [environment, staged]) {
          for (const isFirst of [true, false]) {
            const { outputs, ran } = await completed(cwlRun(document, given));
            expect(Object.values(outputs).toSorted()).toEqual(['1\n', '2\n', '3\n']);
            expect(ran).toHaveLength(isFirst ? 3 : 0);
          }
        }
      });

      test('directories, secondary files and strange names come back as they were', async () => {
        const script =
          'mkdir -p "d/Größe & so"; echo x > "d/Größe & so/#1%20?"; mkdir d/empty; echo m > "m s.bam"; echo i > "m s.bam.bai"; ln -s "m s.bam" link';
        const bam = { ...ANY_FILE('m s.bam'), secondaryFiles: ['.bai'] };
        const outputs = {
          d: { type: 'Directory', outputBinding: { glob: 'd' } },
          bam,
          link: ANY_FILE('link'),
          basename: {
            type: 'string',
            outputBinding: { glob: 'link', outputEval: '$(self[0].basename)' },
          },
        };
        const setup = cwlRun({ ...shellTool(script, outputs) });
        const first = await completed(setup);
        const second = await completed(setup);
        expect(second.ran).toEqual([]);
        expect(second.outputs).toEqual(first.outputs);
        expect(Object.keys(first.outputs)).toHaveLength(3);
      });

      test('a directory whose content changed is another one', async () => {
        const tool = {
          ...shellTool('cat "$0"/*', { made: 'stdout' }, { stdout: 'all' }),
          inputs: { d: { type: 'Directory', inputBinding: { position: 1 } } },
        };
        const setup = (content: string) =>
          cwlRun(tool, { d: { class: 'Directory', location: 'd' } }, { 'd/x': content });
        await completed(setup('1'));
        expect((await completed(setup('1'))).ran).toEqual([]);
        expect((await completed(setup('2'))).outputs).toEqual({ all: '2' });
      });

      test('after a failure in the third task the first two are taken', async () => {
        const made = { made: ANY_FILE('made') };
        const flag = pathOf('flag');
        const setup = cwlRun(
          chain({
            first: shellTool('echo 1 > made', made),
            second: shellTool('echo 2 > made', made),
            third: shellTool(`cp ${flag} made`, made),
          }),
        );
        expect((await run(setup)).outcome.state).toBe('EXECUTOR_ERROR');
        await writeFile(flag, '3');
        const { taken, ran, outputs } = await completed(setup);
        expect({ taken, ran }).toEqual({ taken: ['first', 'second'], ran: ['third'] });
        expect(Object.values(outputs)).toContain('3');
      });

      test('what a killed run was at is not taken for a result', async () => {
        const flag = pathOf('flag');
        const script = `echo half > made; test -e ${flag} || { touch ${flag}; sleep 600; }; echo whole > made`;
        const setup = cwlRun(shellTool(script, { made: ANY_FILE('made') }));
        const cacheDirectory = pathOf('cache');
        const killed = await startEngineRun(engine, installation, { ...setup, cacheDirectory });
        await until(() => readdirSync(pathOf()).includes('flag'), { timeoutMs: 20_000 });
        signalGroup(killed.process, 'SIGKILL');
        await killed.remove();
        expect(await completed(setup)).toMatchObject({ outputs: { made: 'whole\n' }, taken: [] });
        expect((await completed(setup)).ran).toEqual([]);
      });

      test('runs at the same time, and equal tasks of one run, do not wait for each other', async () => {
        const setup = cwlRun(scatter('sleep 0.3; echo "$0"'), { numbers: [1, 1, 2, 2] });
        const results = await Promise.all([completed(setup), completed(setup)]);
        for (const { outputs } of results) {
          expect(Object.values(outputs).toSorted()).toEqual(['1\n', '1\n', '2\n', '2\n']);
        }
        expect((await completed(setup)).ran).toEqual([]);
        const entries = readdirSync(pathOf('cache/cwltool'));
        expect(entries).toHaveLength(2);
      });

      test('a kept file that was changed afterwards is not given out', async () => {
        const spoiling = {
          ...shellTool('echo more >> "$0"'),
          inputs: { before: { type: 'File', inputBinding: { position: 1 } } },
        };
        const first = shellTool('echo 1 > made', { made: ANY_FILE('made') });
        const workflow = {
          class: 'Workflow',
          inputs: {},
          outputs: {},
          steps: {
            first: { in: {}, out: ['made'], run: first },
            second: { in: { before: 'first/made' }, out: [], run: spoiling },
          },
        };
        await completed(cwlRun(workflow));
        const { outputs, ran } = await completed(
          cwlRun({
            ...workflow,
            outputs: { made: { type: 'File', outputSource: 'first/made' } },
            steps: { first: workflow.steps.first },
          }),
        );
        expect({ outputs, ran }).toEqual({ outputs: { made: '1\n' }, ran: ['first'] });
      });

      test('tools that say so, and outputs that name the run, are always run', async () => {
        const made = { made: 'stdout' };
        const never = {
          ...shellTool('echo 1', made),
          requirements: { WorkReuse: { enableReuse: false } },
        };
        const place = {
          ...shellTool('true', {
            place: { type: 'string', outputBinding: { outputEval: '$(runtime.outdir)' } },
          }),
        };
        for (const tool of [never, place]) {
          for (let time = 0; time < 2; time += 1) {
            expect((await completed(cwlRun(tool))).taken).toEqual([]);
          }
        }
      });

      test('a cache that can’t be used keeps nothing from its work', async () => {
        await appendFile(pathOf('cache'), 'in the way');
        const setup = cwlRun(shellTool('echo 1', { made: 'stdout' }, { stdout: 'one' }));
        expect((await completed(setup)).outputs).toEqual({ one: '1\n' });
      });
    });
  }
});
