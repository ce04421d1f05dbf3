import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { planSubmission } from '../../../src/cli/client/submission.ts';
import { UsageError } from '../../../src/cli/exit-codes.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wes-submission-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function put(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
}

async function plan(workflow: string, more: { inputs?: string; attach?: string[] } = {}) {
  const { attach = [], inputs } = more;
  const planned = await planSubmission({ workflow, inputs, attach, workingDirectory: directory });
  return { ...planned, names: [...planned.attachments.keys()].toSorted() };
}

const TOOL = 'cwlVersion: v1.2\nclass: CommandLineTool\ninputs: {}\noutputs: {}\n';
const workflowWith = (run: string) =>
  `cwlVersion: v1.2\nclass: Workflow\nsteps:\n  a: {run: ${run}, in: {}, out: []}\n`;

describe('a CWL workflow on this machine', () => {
  test('is sent with the tools that it runs, and the tools that those run', async () => {
    put({
      'wf/main.cwl': workflowWith('sub/inner.cwl'),
      'wf/sub/inner.cwl': workflowWith('../../tools/t.cwl'),
      'tools/t.cwl': TOOL,
      'tools/unrelated.cwl': TOOL,
    });
    const planned = await plan('wf/main.cwl');
    expect(planned.names).toEqual(['tools/t.cwl', 'wf/main.cwl', 'wf/sub/inner.cwl']);
    expect(planned.workflowUrl).toBe('wf/main.cwl');
    expect(planned.language).toEqual({ type: 'CWL', version: 'v1.2' });
    expect(planned.attachments.get('tools/t.cwl')).toBe(join(directory, 'tools/t.cwl'));
  });

  test('may run itself, and may be one process of a packed document', async () => {
    put({ 'main.cwl': workflowWith('main.cwl#other') });
    const planned = await plan('main.cwl#entry');
    expect(planned.workflowUrl).toBe('main.cwl#entry');
    expect(planned.names).toEqual(['main.cwl']);
  });

  test('is sent with included scripts and default files, but not with defaults that are missing', async () => {
    put({
      'main.cwl': `${TOOL}arguments: [{$include: s.sh}]
hints:
  - {class: File, location: "with%20blank.txt"}
  - {class: File, location: gone.txt}
  - {class: Directory, location: index}
`,
      's.sh': 'echo',
      'with blank.txt': 'x',
      'index/a/1': '1',
      'index/2': '2',
    });
    const planned = await plan('main.cwl');
    expect(planned.names).toEqual(['index/2', 'index/a/1', 'main.cwl', 's.sh', 'with blank.txt']);
  });

  test('that runs a tool which is not there can not be sent', async () => {
    put({ 'main.cwl': workflowWith('gone.cwl') });
    await expect(plan('main.cwl')).rejects.toThrow(/main\.cwl: .*gone\.cwl does not exist/);
  });

  test('that is no YAML can not be sent', async () => {
    put({ 'main.cwl': 'cwlVersion: v1.2\nclass: [' });
    await expect(plan('main.cwl')).rejects.toThrow(UsageError);
  });
});

describe('inputs', () => {
  test('have their files sent, and name them as they are sent', async () => {
    put({
      'wf/main.cwl': TOOL,
      'wf/near.txt': 'n',
      'data/a b.txt': 'a',
      'data/deep/c.txt': 'c',
      'wf/job.yml': `
near: {class: File, path: near.txt}
many:
  - {class: File, location: "../data/a%20b.txt"}
  - {class: File, path: ${directory}/data/deep/c.txt, format: text}
far: {class: File, location: "https://example.org/x"}
count: 3
`,
    });
    const planned = await plan('wf/main.cwl', { inputs: 'wf/job.yml' });
    expect(planned.params).toEqual({
      near: { class: 'File', location: 'near.txt' },
      many: [
        { class: 'File', location: 'inputs/a%20b.txt' },
        { class: 'File', location: 'inputs/deep/c.txt', format: 'text' },
      ],
      far: { class: 'File', location: 'https://example.org/x' },
      count: 3,
    });
    expect(planned.names).toEqual(['inputs/a b.txt', 'inputs/deep/c.txt', 'main.cwl', 'near.txt']);
  });

  test('with a directory have its files sent one by one', async () => {
    put({ 'wf/main.cwl': TOOL, 'data/ref/1.fa': '1', 'data/ref/x/2.fa': '2' });
    const inputs = JSON.stringify({ ref: { class: 'Directory', path: 'data/ref' } });
    const planned = await plan('wf/main.cwl', { inputs });
    expect(planned.params).toEqual({ ref: { class: 'Directory', location: 'inputs/ref' } });
    expect(planned.names).toEqual(['inputs/ref/1.fa', 'inputs/ref/x/2.fa', 'main.cwl']);
  });

  test('are sent with the secondary files that the workflow wants', async () => {
    put({
      'wf/main.cwl': `cwlVersion: v1.2
class: CommandLineTool
inputs:
  - {id: "#main/bam", type: File, secondaryFiles: [.bai, ^.dict?, $(self.basename), {pattern: .csi}]}
`,
      'data/x.bam': 'b',
      'data/x.bam.bai': 'i',
      'data/x.dict': 'd',
    });
    const inputs = '{"bam": {"class": "File", "path": "data/x.bam"}}';
    const planned = await plan('wf/main.cwl', { inputs });
    expect(planned.params).toEqual({
      bam: {
        class: 'File',
        location: 'inputs/x.bam',
        secondaryFiles: [
          { class: 'File', location: 'inputs/x.bam.bai' },
          { class: 'File', location: 'inputs/x.dict' },
        ],
      },
    });
    expect(planned.names).toContain('inputs/x.dict');
  });

  test('go to another folder when the workflow has one of that name', async () => {
    put({ 'wf/main.cwl': workflowWith('inputs/t.cwl'), 'wf/inputs/t.cwl': TOOL, 'd/x': '1' });
    const inputs = '{"x": {"class": "File", "path": "d/x"}}';
    const planned = await plan('wf/main.cwl', { inputs });
    expect(planned.params).toEqual({ x: { class: 'File', location: 'inputs-2/x' } });
  });

  test.each([
    ['{"x": {"class": "File", "path": "gone"}}', /gone does not exist/],
    ['{"x": ', /--inputs is neither YAML nor JSON/],
    ['gone.json', /can't be read/],
    ['list.yml', /must hold an object/],
  ])('%s are refused', async (inputs, message) => {
    put({ 'main.cwl': TOOL, 'list.yml': '[1]' });
    await expect(plan('main.cwl', { inputs })).rejects.toThrow(message);
  });

  test('of an empty file are none', async () => {
    put({ 'main.cwl': TOOL, 'empty.yml': '' });
    expect((await plan('main.cwl', { inputs: 'empty.yml' })).params).toEqual({});
  });
});

describe('workflows of other kinds', () => {
  test('a WDL workflow is sent with its imports', async () => {
    put({
      'a/main.wdl': 'version 1.0\nimport "../lib/t.wdl" as t\nimport "https://x.org/y.wdl" as y\n',
      'lib/t.wdl': 'version 1.0\n',
    });
    const planned = await plan('a/main.wdl', { inputs: '{"w.f": "x.txt"}' });
    expect(planned.names).toEqual(['a/main.wdl', 'lib/t.wdl']);
    expect(planned.params).toEqual({ 'w.f': 'x.txt' });
  });

  test('a Nextflow workflow is sent with its modules, its configuration and what they name', async () => {
    put({
      'flow/main.nf': [
        "include { TRIM; MEASURE as M } from './modules/trim'",
        "include { REPORT } from './modules/report/main.nf'",
        "include { SUB } from '../shared'",
        "include { samplesheetToList } from 'plugin/nf-schema'",
        'params.adapters = "$projectDir/assets/adapters.fa"',
        'params.gone = "${projectDir}/assets/gone.fa"',
      ].join('\n'),
      'flow/modules/trim.nf': '',
      'flow/modules/report/main.nf': '',
      'flow/modules/report/templates/page.html': '',
      'flow/modules/unrelated.nf': '',
      'flow/nextflow.config': 'includeConfig "conf/base.config"\nincludeConfig "$params.elsewhere"',
      'flow/conf/base.config': '',
      'flow/bin/count.py': '',
      'flow/assets/adapters.fa': '',
      'shared/main.nf': '',
    });
    const planned = await plan('flow/main.nf');
    expect(planned.names).toEqual([
      'flow/assets/adapters.fa',
      'flow/bin/count.py',
      'flow/conf/base.config',
      'flow/main.nf',
      'flow/modules/report/main.nf',
      'flow/modules/report/templates/page.html',
      'flow/modules/trim.nf',
      'flow/nextflow.config',
      'shared/main.nf',
    ]);
    expect(planned).toMatchObject({ workflowUrl: 'flow/main.nf', language: { type: 'NFL' } });
  });

  test('a Nextflow workflow whose module is missing can not be sent', async () => {
    put({ 'main.nf': "include { GONE } from './gone'\n" });
    await expect(plan('main.nf')).rejects.toThrow(/gone\.nf can't be read/);
  });

  test('a Snakefile is sent with what it includes and the folders of its layout', async () => {
    put({
      'p/workflow/Snakefile': 'configfile: "config/c.yaml"\ninclude: "rules/a.smk"\nrule all:\n',
      'p/workflow/rules/a.smk':
        'include: "b.smk"\nrule x:\n    script:\n        "../scripts/x.py"\n    conda: "base"\n',
      'p/workflow/rules/b.smk': 'include: "https://example.org/c.smk"\n',
      'p/workflow/scripts/x.py': '',
      'p/workflow/envs/x.yaml': '',
      'p/config/c.yaml': '',
      'p/config/samples.tsv': '',
      'p/data/reads.fq': '',
    });
    const planned = await plan('p/workflow/Snakefile', { inputs: '{"x": 1}', attach: ['p/data'] });
    expect(planned.names).toEqual([
      'config/c.yaml',
      'config/samples.tsv',
      'data/reads.fq',
      'workflow/Snakefile',
      'workflow/envs/x.yaml',
      'workflow/rules/a.smk',
      'workflow/rules/b.smk',
      'workflow/scripts/x.py',
    ]);
    expect(planned.workflowUrl).toBe('workflow/Snakefile');
    expect(planned.language).toEqual({ type: 'SMK' });
    expect(planned.params).toEqual({ x: 1 });
  });

  test('a Snakefile alone is sent alone; one that it includes must be there', async () => {
    put({ 'one/Snakefile': 'rule all:\n', 'two/main.smk': 'include: "gone.smk"\n' });
    expect((await plan('one/Snakefile')).names).toEqual(['Snakefile']);
    await expect(plan('two/main.smk')).rejects.toThrow(/gone\.smk can't be read/);
  });

  test('a Snakefile may include one that lies beside its project', async () => {
    put({ 'a/Snakefile': 'include: "../common/x.smk"\n', 'common/x.smk': 'rule x:\n' });
    const planned = await plan('a/Snakefile');
    expect(planned.names).toEqual(['a/Snakefile', 'common/x.smk']);
    expect(planned.workflowUrl).toBe('a/Snakefile');
  });

  test('one at an address is sent as the address, with the files that its inputs name', async () => {
    put({ 'x.txt': '1' });
    const planned = await plan('https://example.org/wf/main.cwl#main', {
      inputs: '{"x": {"class": "File", "path": "x.txt"}}',
    });
    expect(planned.workflowUrl).toBe('https://example.org/wf/main.cwl#main');
    expect(planned.language).toEqual({ type: 'CWL' });
    expect(planned.names).toEqual(['inputs/x.txt']);
  });

  test('one that does not exist can not be sent', async () => {
    await expect(plan('gone.cwl')).rejects.toThrow(/gone\.cwl can't be read/);
  });
});

describe('--attach', () => {
  beforeEach(() => {
    put({ 'wf/main.nf': 'workflow {}', 'wf/parts/a.nf': '', 'data/b.txt': '', 'data/c/d.txt': '' });
  });

  test('names a file by its place beside the workflow, else as it was typed', async () => {
    const planned = await plan('wf/main.nf', { attach: ['wf/parts', 'data/b.txt'] });
    expect(planned.names).toEqual(['data/b.txt', 'main.nf', 'parts/a.nf']);
  });

  test('takes another name, and directories with all that is in them', async () => {
    const planned = await plan('wf/main.nf', { attach: ['data=in'] });
    expect(planned.names).toEqual(['in/b.txt', 'in/c/d.txt', 'main.nf']);
  });

  test('gives a file from outside its plain name', async () => {
    const planned = await plan('wf/main.nf', { attach: [join(directory, 'data/b.txt')] });
    expect(planned.names).toEqual(['b.txt', 'main.nf']);
  });

  test('refuses two files of one name', async () => {
    const attach = ['data/b.txt=x', 'data/c/d.txt=x'];
    await expect(plan('wf/main.nf', { attach })).rejects.toThrow(/both be attached as "x"/);
  });
});
