import { readdirSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test, vi } from 'vitest';
import { useCachedRuns } from '../../support/cached-run.ts';
import { signalGroup, startEngineRun } from '../../support/engine-run.ts';
import { findEngine } from '../../support/engines.ts';
import { describeWith } from '../../support/suite.ts';
import { until } from '../../support/until.ts';
import { wdlChain, wdlRun, wdlTask } from '../../support/wdl-samples.ts';

const { engine, all, missing } = await findEngine('miniwdl');

// Each test makes several runs, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

describeWith('miniwdl with a cache', missing, () => {
  for (const installation of all) {
    describeWith(installation.version, undefined, () => {
      const { pathOf, run, completed } = useCachedRuns(engine, installation);

      const COUNT = wdlTask('count', 'wc -c < "~{reads}" > made', {
        inputs: 'File reads',
        outputs: 'File made = "made"',
      });

      test('a changed input has its tasks run again, wherever it lies and whatever its name', async () => {
        const reads = (content: string) =>
          wdlRun(`version 1.0\n${COUNT}`, { reads: 'd/ü #.fq' }, { 'd/ü #.fq': content });
        const [outputs, changed] = [{ 'made/made': '4\n' }, { 'made/made': '5\n' }];
        expect(await completed(reads('ACGT'))).toMatchObject({ outputs, taken: [] });
        expect(await completed(reads('ACGT'))).toMatchObject({
          outputs,
          taken: ['count'],
          ran: [],
        });
        expect(await completed(reads('ACGTA'))).toMatchObject({ outputs: changed, taken: [] });
      });

      test('a changed task runs again, and those after it only when its result differs', async () => {
        const workflow = (script: string) =>
          wdlRun(wdlChain({ first: script, second: 'cat "~{before}" > made' }));
        await completed(workflow('echo 1 > made'));
        const same = await completed(workflow('echo 1 > made; true'));
        expect(same).toMatchObject({ ran: ['first'], taken: ['second'] });
        const other = await completed(workflow('echo 2 > made'));
        expect(other).toMatchObject({ ran: ['first', 'second'], taken: [] });
        expect(Object.values(other.outputs)).toEqual(['2\n', '2\n']);
      });

      test('tasks that are taken have the names with which they ran', async () => {
        const double = wdlTask('double', 'echo $((~{n} * 2)) > made', {
          inputs: 'Int n',
          outputs: 'File made = "made"',
        });
        const inner = `version 1.0\n${double}
workflow inner { input { Int n } call double { input: n = n } output { File made = double.made } }
`;
        const outer = `version 1.0
import "lib/inner.wdl" as lib
workflow outer {
  scatter (n in [3, 4]) { call lib.inner { input: n = n } }
  output { Array[File] made = inner.made }
}
`;
        const setup = wdlRun(outer, {}, { 'lib/inner.wdl': inner });
        const first = await completed(setup);
        const second = await completed(setup);
        expect(first.ran).toHaveLength(2);
        expect(second).toEqual({ ...first, ran: [], taken: first.ran });
      });

      test('structures, directories, links and strange names come back as they were', async () => {
        const script =
          'mkdir -p "d/Größe & so" d/empty; echo x > "d/Größe & so/#1%20?"; echo m > "m s"; ln -s "m s" link; echo y > y';
        const made = wdlTask('make', script, {
          outputs: `Directory d = "d"
            Array[Pair[String, File]] pairs = [("m", "m s"), ("link", "link")]
            Map[String, File] byName = {"y": "y"}
            File? none = "none"
            Float number = 0.1`,
        });
        const setup = wdlRun(`version development\n${made}`);
        const first = await completed(setup);
        const second = await completed(setup);
        expect(second).toEqual({ ...first, ran: [], taken: ['make'] });
        expect(Object.keys(first.outputs)).toHaveLength(4);
      });

      test('after a failure in the third task the first two are taken', async () => {
        const flag = pathOf('flag');
        const scripts = {
          first: 'echo 1 > made',
          second: 'echo 2 > made',
          third: `cp ${flag} made`,
        };
        const setup = wdlRun(wdlChain(scripts));
        expect((await run(setup)).outcome.state).toBe('EXECUTOR_ERROR');
        await writeFile(flag, '3');
        const { taken, ran, outputs } = await completed(setup);
        expect({ taken, ran }).toEqual({ taken: ['first', 'second'], ran: ['third'] });
        expect(Object.values(outputs)).toContain('3');
      });

      test('what a killed run was at is not taken for a result', async () => {
        const flag = pathOf('flag');
        const script = `echo half > made; test -e ${flag} || { touch ${flag}; sleep 600; }; echo whole > made`;
        const setup = wdlRun(
          `version 1.0\n${wdlTask('slow', script, { outputs: 'File made = "made"' })}`,
        );
        const cacheDirectory = pathOf('cache');
        const killed = await startEngineRun(engine, installation, { ...setup, cacheDirectory });
        await until(() => readdirSync(pathOf()).includes('flag'), { timeoutMs: 20_000 });
        signalGroup(killed.process, 'SIGKILL');
        await killed.remove();
        const outputs = { 'made/made': 'whole\n' };
        expect(await completed(setup)).toMatchObject({ outputs, taken: [] });
        expect(await completed(setup)).toMatchObject({ outputs, ran: [] });
      });

      test('runs at the same time, and equal tasks of one run, do not wait for each other', async () => {
        const each = wdlTask('each', 'sleep 0.3; echo ~{n} > made', {
          inputs: 'Int n',
          outputs: 'File made = "made"',
        });
        const document = `version 1.0\n${each}
workflow w { scatter (n in [1, 1, 2, 2]) { call each { input: n = n } } output { Array[File] made = each.made } }
`;
        const results = await Promise.all([
          completed(wdlRun(document)),
          completed(wdlRun(document)),
        ]);
        for (const { outputs } of results) {
          expect(Object.values(outputs).toSorted()).toEqual(['1\n', '1\n', '2\n', '2\n']);
        }
        expect((await completed(wdlRun(document))).ran).toEqual([]);
        expect(readdirSync(pathOf('cache/miniwdl'))).toHaveLength(2);
      });

      test('a kept file that was changed afterwards is not given out', async () => {
        const spoil = wdlTask('spoil', 'echo more >> "~{made}"', { inputs: 'File made' });
        const make = wdlTask('make', 'echo 1 > made', { outputs: 'File made = "made"' });
        const spoiling = `workflow w { call make call spoil { input: made = make.made } }`;
        await completed(wdlRun(`version 1.0\n${make}${spoil}${spoiling}`));
        const reading = 'workflow w { call make output { File made = make.made } }';
        const { outputs, ran } = await completed(wdlRun(`version 1.0\n${make}${reading}`));
        expect({ outputs, ran }).toEqual({ outputs: { 'made/made': '1\n' }, ran: ['make'] });
      });

      test('what comes from the web counts by what it is, not by its address', async () => {
        let content = 'one';
        const web = createServer((_request, response) => response.end(content));
        web.listen(0, '127.0.0.1');
        await new Promise((resolve) => web.once('listening', resolve));
        const { port } = web.address() as AddressInfo; // it listens on a port
        const address = `http://127.0.0.1:${port}/reads.fq`;
        const workflow = `version 1.0\n${COUNT}
workflow w { input { File reads } call count { input: reads = reads } output { File made = count.made } }
`;
        const byDefault = `version 1.0\n${COUNT.replace('File reads', `File reads = "${address}"`)}`;
        for (const setup of [wdlRun(workflow, { 'w.reads': address }), wdlRun(byDefault)]) {
          content = 'one';
          expect(Object.values((await completed(setup)).outputs)).toEqual(['3\n']);
          content = 'three';
          expect(Object.values((await completed(setup)).outputs)).toEqual(['5\n']);
        }
        const again = await completed(wdlRun(workflow, { 'w.reads': address }));
        expect(again.taken).toEqual(['count']);
        web.close();
      });

      test('tasks that say so, and outputs that name the run, are always run', async () => {
        const never = wdlTask('never', 'echo 1').replace(
          'input {',
          'meta { volatile: true }\n  input {',
        );
        const place = wdlTask('place', 'pwd', { outputs: 'String place = read_string(stdout())' });
        for (const task of [never, place]) {
          for (let time = 0; time < 2; time += 1) {
            expect((await completed(wdlRun(`version 1.0\n${task}`))).taken).toEqual([]);
          }
        }
      });

      test('a cache that can’t be used keeps nothing from its work', async () => {
        await appendFile(pathOf('cache'), 'in the way');
        const setup = wdlRun(wdlChain({ first: 'echo 1 > made' }));
        expect(Object.values((await completed(setup)).outputs)).toEqual(['1\n']);
      });
    });
  }
});
