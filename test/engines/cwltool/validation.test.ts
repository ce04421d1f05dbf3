import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createCwltoolEngine } from '../../../src/engines/cwltool/engine.ts';
import type { JsonObject } from '../../../src/runs/json.ts';
import type { Verdict } from '../../../src/runs/request-validator.ts';
import { startCountingServer, type CountingServer } from '../../support/counting-server.ts';
import { chain, cwlRequest, cwlRun, scatter, shellTool } from '../../support/cwl-samples.ts';
import { startEngineRun, type RunSetup } from '../../support/engine-run.ts';
import { findCwltool } from '../../support/engines.ts';
import { describeWith } from '../../support/suite.ts';
import {
  createTestValidation,
  type TestValidation,
  type TestValidationOptions,
} from '../../support/validation.ts';
import { startWarmServer, type WarmServer } from '../../support/warm-server.ts';

// A process for each check, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 120_000 });

const EXAMPLES = join(import.meta.dirname, '../../../examples/cwl');
const { all, missing } = await findCwltool();
const engine = createCwltoolEngine();
const examples = Object.fromEntries(
  readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:cwl|fastq)$/.test(name))
    .map((name) => [name, readFileSync(join(EXAMPLES, name), 'utf8')]),
);

const reading = (more: JsonObject = {}): JsonObject => ({
  ...shellTool('true', {}, more),
  inputs: { reads: 'File' },
});
const file = (location: string): JsonObject => ({ class: 'File', location });
const step = (run: string): JsonObject => ({
  class: 'Workflow',
  inputs: {},
  outputs: {},
  steps: { one: { in: {}, out: [], run } },
});
const VALID: Verdict = { kind: 'valid' };

describeWith('cwltool validates', missing, () => {
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

      test('what can run is valid: every example, packed documents, strange names', async () => {
        const inputs = JSON.parse(
          readFileSync(join(EXAMPLES, 'fastq-qc.inputs.json'), 'utf8'),
        ) as JsonObject; // our own file
        const example = (workflowUrl: string, workflowParams: JsonObject): RunSetup => ({
          request: cwlRequest({ workflowUrl, workflowParams }),
          files: examples,
        });
        expect(await verdictOn(example('fastq-qc.cwl', inputs))).toEqual(VALID);
        expect(await verdictOn(example('failing.cwl', {}))).toEqual(VALID);
        expect(await verdictOn(example('hello.cwl', { name: 'you' }))).toEqual(VALID);
        expect(await verdictOn(cwlRun(scatter('true'), { numbers: [1, 2] }))).toEqual(VALID);
        const graph = [{ id: 'main', ...shellTool('true') }];
        const files = { 'über 1.cwl': JSON.stringify({ cwlVersion: 'v1.0', $graph: graph }) };
        const packed = { request: cwlRequest({ workflowUrl: 'über 1.cwl#main' }), files };
        expect(await verdictOn(packed)).toEqual(VALID);
      });

      const refusals: Record<string, { setup: RunSetup; field: string; words: RegExp }> = {
        'a document that is not YAML': {
          setup: { request: cwlRequest(), files: { 'main.cwl': 'class: [unclosed\n' } },
          field: 'workflow_url',
          words: /^Tool definition failed.*main\.cwl:2/s,
        },
        'a field that CWL does not have': {
          setup: cwlRun({ ...shellTool('true'), outputz: {} }),
          field: 'workflow_url',
          words: /invalid field 'outputz'/,
        },
        'a step whose source is not there': {
          setup: cwlRun({
            ...chain({ one: shellTool('true') }),
            outputs: { made: { type: 'File', outputSource: 'two/made' } },
          }),
          field: 'workflow_url',
          words: /two\/made/,
        },
        'a tool that was not attached': {
          setup: cwlRun(step('tools/absent.cwl')),
          field: 'workflow_url',
          words: /tools\/absent\.cwl/,
        },
        'a fragment that is not there': {
          setup: {
            ...cwlRun(shellTool('true')),
            request: cwlRequest({ workflowUrl: 'main.cwl#b' }),
          },
          field: 'workflow_url',
          words: /#b/,
        },
        'a missing input': {
          setup: cwlRun(reading()),
          field: 'workflow_params',
          words: /Missing required input parameter 'reads'/,
        },
        'an input of the wrong type': {
          setup: cwlRun({ ...shellTool('true'), inputs: { count: 'int' } }, { count: 'many' }),
          field: 'workflow_params',
          words: /'count' field is not valid/,
        },
        'a file that was not attached': {
          setup: cwlRun(reading(), { reads: file('lost.fastq') }),
          field: 'workflow_params',
          words: /undefined reference to 'lost\.fastq'/,
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

      test('it does so without a warm server as well', async () => {
        const cold = { warmServer: undefined };
        expect(await verdictOn(cwlRun(shellTool('true')), cold)).toEqual(VALID);
        expect(await verdictOn(cwlRun(reading()))).toMatchObject({ field: 'workflow_params' });
      });

      test('nothing of the document is executed: its expressions would never end', async () => {
        const forever = '${ while (true) {} }';
        const tool = {
          ...reading({
            requirements: { InlineJavascriptRequirement: { expressionLib: [forever] } },
          }),
          arguments: [forever],
          inputs: {
            reads: { type: 'File', secondaryFiles: forever, format: forever, loadContents: true },
            more: { type: 'int', default: 1, inputBinding: { valueFrom: forever } },
          },
        };
        const setup = cwlRun(tool, { reads: file('a.txt') }, { 'a.txt': 'a' });
        expect(await verdictOn(setup)).toEqual(VALID);
      });

      test('nothing is fetched: remote inputs and ontologies are taken as they are', async () => {
        web = await startCountingServer();
        const tool = {
          ...reading({ $namespaces: { edam: web.address }, $schemas: [`${web.address}/edam.owl`] }),
          hints: {
            SoftwareRequirement: { packages: { tool: { specs: [`${web.address}/tool`] } } },
          },
        };
        expect(await verdictOn(cwlRun(tool, { reads: file(`${web.address}/a.fastq`) }))).toEqual(
          VALID,
        );
        expect(web.requests).toEqual([]);
      });

      test.each(['s3://bucket/a.fastq', 'gs://b/c', 'drs://host/id', 'drs://dg.1:a', 'ftp://h/x'])(
        'an input at %s is taken as it is',
        async (address) => {
          expect(await verdictOn(cwlRun(reading(), { reads: file(address) }))).toEqual(VALID);
        },
      );

      test.each([
        ['run', (address: string) => step(address)],
        ['$import', (address: string) => ({ ...shellTool('true'), inputs: { $import: address } })],
        ['$include', (address: string) => ({ ...shellTool('true'), doc: { $include: address } })],
      ])(
        'a document that needs the web (%s) has no verdict, and is not fetched',
        async (_key, made) => {
          web = await startCountingServer();
          const verdict = await verdictOn(cwlRun(made(`${web.address}/tool.cwl`)));
          expect(verdict).toMatchObject({ kind: 'unknown' });
          expect(JSON.stringify(verdict)).toContain(`${web.address}/tool.cwl`);
          expect(web.requests).toEqual([]);
        },
      );

      test('a document outside the run is not read', async () => {
        const secret = await mkdtemp(join(tmpdir(), 'wes-secret-'));
        await writeFile(join(secret, 'tool.cwl'), 'a secret that is no CWL');
        const verdict = await verdictOn(cwlRun(step(`file://${secret}/tool.cwl`)));
        expect(verdict).toMatchObject({ kind: 'invalid', field: 'workflow_url' });
        expect(JSON.stringify(verdict)).toContain('undefined reference');
        expect(JSON.stringify(verdict)).not.toContain('a secret');
        await rm(secret, { recursive: true });
      });

      test('what lies below the allowed roots may be on another machine', async () => {
        const allowedFileRoots = ['/nowhere/shared'];
        const data = file('file:///nowhere/shared/a.fastq');
        const options = { allowedFileRoots };
        expect(await verdictOn(cwlRun(reading(), { reads: data }), options)).toEqual(VALID);
        const tool = 'file:///nowhere/shared/tool.cwl';
        expect(await verdictOn(cwlRun(step(tool)))).toMatchObject({ kind: 'unknown' });
      });

      test('large attachments are data, which may be named but whose content is not known', async () => {
        const large = `# ${'x'.repeat(1024 * 1024)}\n`;
        const setup = cwlRun(reading(), { reads: file('data.fastq') }, { 'data.fastq': large });
        expect(await verdictOn(setup)).toEqual(VALID);
        const tool = large + JSON.stringify({ cwlVersion: 'v1.2', ...shellTool('true') });
        const files = { 'tool.cwl': tool };
        expect(await verdictOn(cwlRun(step('tool.cwl'), {}, files))).toMatchObject({
          kind: 'unknown',
        });
        const main = { request: cwlRequest(), files: { 'main.cwl': tool } };
        expect(await verdictOn(main)).toEqual(VALID);
      });

      test('what takes more than its time and memory is ended, and has no verdict', async () => {
        const level = (number: number): string =>
          `  l${number}: &l${number} [${Array(10)
            .fill(`*l${number - 1}`)
            .join(', ')}]`;
        const bomb = ['cwlVersion: v1.2', 'class: CommandLineTool', 'doc:', '  l0: &l0 [x]'];
        const document = [...bomb, ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(level)].join('\n');
        const setup = { request: cwlRequest(), files: { 'main.cwl': document } };
        const verdict = await verdictOn(setup, { timeoutSeconds: 5 });
        expect(verdict).toMatchObject({ kind: 'unknown' });
      });
    });
  }
});
