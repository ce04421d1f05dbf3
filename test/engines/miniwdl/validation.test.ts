import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { JsonObject } from '../../../src/runs/json.ts';
import type { Verdict } from '../../../src/runs/request-validator.ts';
import { startCountingServer, type CountingServer } from '../../support/counting-server.ts';
import { startEngineRun, type RunSetup } from '../../support/engine-run.ts';
import { findEngine } from '../../support/engines.ts';
import { describeWith } from '../../support/suite.ts';
import {
  createTestValidation,
  type TestValidation,
  type TestValidationOptions,
} from '../../support/validation.ts';
import { startWarmServer, type WarmServer } from '../../support/warm-server.ts';
import { wdlRequest, wdlRun, wdlTask } from '../../support/wdl-samples.ts';

// A process for each check, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 120_000 });

const EXAMPLES = join(import.meta.dirname, '../../../examples');
const { engine, all, missing } = await findEngine('miniwdl');

const read = (name: string): string => readFileSync(join(EXAMPLES, name), 'utf8');
const examples = {
  ...Object.fromEntries(
    readdirSync(join(EXAMPLES, 'cwl/reads')).map(
      (name) => [`reads/${name}`, read(`cwl/reads/${name}`)] as const,
    ),
  ),
  'fastq-qc.wdl': read('wdl/fastq-qc.wdl'),
  'failing.wdl': read('wdl/failing.wdl'),
};

const workflow = (body: string, imports = ''): string =>
  `version 1.0\n${imports}\nworkflow w { ${body} }\n`;
const reading = workflow('input { File reads }');
const VALID: Verdict = { kind: 'valid' };

describeWith('miniwdl validates', missing, () => {
  for (const installation of all) {
    describeWith(installation.version, undefined, () => {
      let server: WarmServer | undefined;
      beforeAll(async () => {
        server = await startWarmServer(engine, installation);
      }, 60_000);
      afterAll(() => server?.stop());

      let validation: TestValidation | undefined;
      let web: CountingServer | undefined;
      afterEach(async () => {
        await validation?.close();
        await web?.close();
        [validation, web] = [undefined, undefined];
      });

      async function verdictOn(
        setup: RunSetup,
        options: Partial<TestValidationOptions> = {},
      ): Promise<Verdict> {
        validation ??= await createTestValidation(engine, {
          installations: [installation],
          warmServer: server?.address,
          ...options,
        });
        return validation.validate(setup);
      }

      test('what can run is valid, also without a warm server', async () => {
        const example = (workflowUrl: string, workflowParams: JsonObject): RunSetup => ({
          request: wdlRequest({ workflowUrl, workflowParams }),
          files: examples,
        });
        const inputs = JSON.parse(read('wdl/fastq-qc.inputs.json')) as JsonObject; // our own file
        expect(await verdictOn(example('fastq-qc.wdl', inputs))).toEqual(VALID);
        expect(await verdictOn(example('failing.wdl', {}))).toEqual(VALID);
        await validation?.close();
        validation = undefined;
        const cold = { warmServer: undefined };
        expect(await verdictOn(example('failing.wdl', {}), cold)).toEqual(VALID);
      });

      test.each([
        'https://h/x',
        's3://bucket/x',
        'gs://b/x',
        'drs://host/id',
        'drs://dg.1:a',
        'ftp://h/x',
      ])('a file at %s is taken as it is', async (address) => {
        expect(await verdictOn(wdlRun(reading, { 'w.reads': address }))).toEqual(VALID);
      });

      const refusals: Record<string, { setup: RunSetup; field: string; words: RegExp }> = {
        'a document that is not WDL': {
          setup: wdlRun('version 1.0\nworkflow {'),
          field: 'workflow_url',
          words: /^\(?main\.wdl/,
        },
        'an expression of the wrong type': {
          setup: wdlRun(workflow('Int count = [1, 2]')),
          field: 'workflow_url',
          words: /main\.wdl line 3 column \d+/,
        },
        'a call of a task that is not there': {
          setup: wdlRun(workflow('call absent')),
          field: 'workflow_url',
          words: /absent/,
        },
        'an import that was not attached': {
          setup: wdlRun(workflow('', 'import "tools/absent.wdl"')),
          field: 'workflow_url',
          words: /tools\/absent\.wdl/,
        },
        'several tasks of which none was chosen': {
          setup: wdlRun(`version 1.0\n${wdlTask('one', 'true')}${wdlTask('two', 'true')}`),
          field: 'workflow_url',
          words: /engine parameter 'task': one, two/,
        },
        'a missing input': {
          setup: wdlRun(reading),
          field: 'workflow_params',
          words: /missing required inputs.*reads/,
        },
        'an unknown input': {
          setup: wdlRun(workflow(''), { 'w.more': 1 }),
          field: 'workflow_params',
          words: /unknown input.*w\.more/,
        },
        'an input of the wrong type': {
          setup: wdlRun(workflow('input { Int count }'), { 'w.count': 'many' }),
          field: 'workflow_params',
          words: /w\.count/,
        },
        'a file that was not attached': {
          setup: wdlRun(reading, { 'w.reads': 'lost.fastq' }),
          field: 'workflow_params',
          words: /'lost\.fastq' was not found/,
        },
      };
      test.each(Object.entries(refusals))(
        '%s is refused, in the words in which the run would fail',
        async (_name, { setup, field, words }) => {
          const verdict = await verdictOn(setup);
          expect(verdict).toMatchObject({ kind: 'invalid', field });
          const { problem } = verdict as Extract<Verdict, { kind: 'invalid' }>; // asserted above
          expect(problem).toMatch(words);
          expect(problem).not.toMatch(/wes validation|\/tmp\//);
          const run = await startEngineRun(engine, installation, {
            ...setup,
            ...(server && { warmServer: server.address }),
          });
          const { reason } = await engine.classify(await run.exited, run.directory);
          await run.remove();
          expect(reason).toBe(`The engine refused the workflow or its inputs. ${problem}`);
        },
      );

      test('a task is checked alone where one was chosen, and quantifiers as they were wished', async () => {
        const tasks = `version 1.0\n${wdlTask('one', 'true')}${wdlTask('two', 'true')}`;
        const choose = (workflowEngineParameters: Record<string, string>, document: string) => ({
          request: wdlRequest({ workflowEngineParameters }),
          files: { 'main.wdl': document },
        });
        expect(await verdictOn(choose({ task: 'two' }, tasks))).toEqual(VALID);
        const loose = workflow('input { Int? given } Int taken = given');
        expect(await verdictOn(choose({}, loose))).toMatchObject({ kind: 'invalid' });
        expect(await verdictOn(choose({ 'check-quant': 'false' }, loose))).toEqual(VALID);
      });

      test('nothing is fetched: remote inputs are taken as they are, remote imports give no verdict', async () => {
        web = await startCountingServer();
        const remote = { 'w.reads': `${web.address}/a.fastq` };
        expect(await verdictOn(wdlRun(reading, remote))).toEqual(VALID);
        const importing = workflow('', `import "${web.address}/tool.wdl"`);
        const verdict = await verdictOn(wdlRun(importing));
        expect(verdict).toMatchObject({ kind: 'unknown' });
        expect(JSON.stringify(verdict)).toContain(`${web.address}/tool.wdl`);
        expect(web.requests).toEqual([]);
      });

      test('a document outside the run is not read', async () => {
        const secret = mkdtempSync(join(tmpdir(), 'wes-secret-'));
        writeFileSync(join(secret, 'tool.wdl'), 'a secret that is no WDL');
        const verdict = await verdictOn(wdlRun(workflow('', `import "${secret}/tool.wdl"`)));
        expect(verdict).toMatchObject({ kind: 'invalid', field: 'workflow_url' });
        expect(JSON.stringify(verdict)).toContain('lies outside the run');
        expect(JSON.stringify(verdict)).not.toContain('a secret');
        rmSync(secret, { recursive: true });
      });

      test('what lies below the allowed roots may be on another machine', async () => {
        const options = { allowedFileRoots: ['/nowhere/shared'] };
        const data = { 'w.reads': '/nowhere/shared/a.fastq' };
        expect(await verdictOn(wdlRun(reading, data), options)).toEqual(VALID);
        const importing = workflow('', 'import "/nowhere/shared/tool.wdl"');
        expect(await verdictOn(wdlRun(importing))).toMatchObject({ kind: 'unknown' });
      });

      test('large attachments are data, which may be named but whose content is not known', async () => {
        const large = `# ${'x'.repeat(1024 * 1024)}\n`;
        const data = { 'data.fastq': large };
        expect(await verdictOn(wdlRun(reading, { 'w.reads': 'data.fastq' }, data))).toEqual(VALID);
        const importing = workflow('', 'import "tool.wdl"');
        const files = { 'tool.wdl': `${large}version 1.0\nworkflow tool {}` };
        expect(await verdictOn(wdlRun(importing, {}, files))).toMatchObject({ kind: 'unknown' });
      });
    });
  }
});
