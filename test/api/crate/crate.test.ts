import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Task } from '../../../src/runs/run.ts';
import { outputKey } from '../../../src/runs/storage-keys.ts';
import { bearer, createNameAuthenticator, createTestApi, type TestApi } from '../../support/api.ts';
import { addEndedRun, endedTask, type EndedRun } from '../../support/ended-run.ts';
import { crateProblems, idsIn, readCrate } from '../../support/ro-crate/rules.ts';
import { findCrateValidator } from '../../support/ro-crate/validator.ts';
import { describeWith } from '../../support/suite.ts';
import { unzip } from '../../support/unzip.ts';

vi.setConfig({ testTimeout: 60_000 });

const validator = await findCrateValidator();

const PROVENANCE = 'https://w3id.org/ro/wfrun/provenance/0.5';
const ODD = 'ä b#1?%25/"q\'.fastq';

const TASKS: readonly Task[] = [
  endedTask(1, {
    name: 'trim',
    systemLogs: ['image: quay.io/biocontainers/samtools:1.9', 'cores: 1'],
  }),
  endedTask(2, { name: 'trim_2', exitCode: 1, systemLogs: ['it was retried'] }),
  endedTask(3, { name: 'ALIGN (sample 1)', command: [] }),
  endedTask(4, { name: 'ALIGN (sample 2)' }),
];

const RUN: EndedRun = {
  owner: 'alice',
  request: {
    workflowType: 'CWL',
    workflowTypeVersion: 'v1.2',
    workflowUrl: 'main wf.cwl',
    tags: { project: 'x', license: 'CC-BY-4.0' },
    workflowEngineParameters: { parallel: 'true' },
    workflowParams: {
      reads: [
        { class: 'File', path: `reads/${ODD}` },
        { class: 'File', location: 'https://me:secret@example.org/a.fq?v=2&X-Amz-Signature=hush' },
      ],
      threshold: 0.5,
      'odd name/#': 'reads.txt',
      list: ['a', 'b'],
      record: { a: 1 },
      nothing: null,
    },
  },
  attachments: {
    'main wf.cwl': 'cwl',
    [`reads/${ODD}`]: 'reads',
    'reads.txt': 'no input',
    same: '1',
  },
  tasks: TASKS,
  outputs: { same: '22', [ODD]: 'odd', 'dir/b.txt': 'b' },
  outputObject: {
    table: { class: 'File', location: `wes-output:${ODD}` },
    dir: { class: 'Directory', listing: [{ class: 'File', location: 'wes-output:dir/b.txt' }] },
    count: 3,
  },
};

let api: TestApi;
let complete: string;
beforeAll(async () => {
  api = await createTestApi({ authenticator: createNameAuthenticator() });
  complete = await addEndedRun(api, RUN);
});
afterAll(() => api.close());

async function crateOf(runId: string, query = '') {
  const url = `${api.deps.settings.apiPrefix}/runs/${runId}/ro-crate${query}`;
  const response = await api.app.inject({ url, headers: bearer('alice') });
  expect(response.statusCode).toBe(200);
  expect(response.headers['content-type']).toBe('application/ld+json');
  const document: unknown = JSON.parse(response.body);
  return { document, crate: readCrate(document) };
}

async function archiveOf(runId: string, query: string, headers: Record<string, string> = {}) {
  const url = `${api.deps.settings.apiPrefix}/runs/${runId}/ro-crate${query}`;
  const response = await api.app.inject({ url, headers: { ...bearer('alice'), ...headers } });
  expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'application/zip']);
  return { response, files: await unzip(response.rawPayload) };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('the crate of a run', () => {
  it('breaks no rule of its profiles', async () => {
    expect(crateProblems((await crateOf(complete)).document)).toEqual([]);
  });

  it('has a step, its execution and that of its tool for each task, in their order', async () => {
    const { crate } = await crateOf(complete);
    const names = TASKS.map(({ name }) => name);
    expect(crate.ofType('HowToStep').map(({ name }) => name)).toEqual(names);
    expect(crate.ofType('HowToStep').map(({ position }) => position)).toEqual(['1', '2', '3', '4']);
    expect(crate.ofType('ControlAction')).toHaveLength(TASKS.length);
    const ofTasks = crate.ofType('CreateAction').filter(({ '@id': id }) => id.startsWith('#task/'));
    expect(ofTasks.map(({ name }) => name)).toEqual(names);
    expect(idsIn(crate.node('attachments/main%20wf.cwl'), 'step')).toHaveLength(TASKS.length);
  });

  it('tells what a task did and how it ended', async () => {
    const { crate } = await crateOf(complete);
    expect(crate.node('#task/1')).toMatchObject({
      description: "sh -c 'echo '\\''1'\\'''",
      instrument: { '@id': '#tool/trim' },
      agent: { '@id': '#user/alice' },
      actionStatus: 'http://schema.org/CompletedActionStatus',
      startTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/),
    });
    expect(crate.node('#task/2')).toMatchObject({
      actionStatus: 'http://schema.org/FailedActionStatus',
      error: 'exit code 1\nit was retried',
    });
    const [image = ''] = idsIn(crate.node('#task/1'), 'containerImage');
    expect(crate.node(image)).toMatchObject({
      '@type': 'ContainerImage',
      registry: 'quay.io',
      name: 'biocontainers/samtools',
      tag: '1.9',
    });
  });

  it('has one tool for what Nextflow and Snakemake ran several times', async () => {
    const { crate } = await crateOf(complete);
    expect(idsIn(crate.node('attachments/main%20wf.cwl'), 'hasPart')).toEqual([
      '#tool/trim',
      '#tool/trim_2',
      '#tool/ALIGN',
    ]);
  });

  it('has the inputs by the names of their parameters: files, addresses and plain values', async () => {
    const { crate } = await crateOf(complete);
    const file = `attachments/reads/${ODD.split('/').map(encodeURIComponent).join('/')}`;
    expect(crate.node(file)).toMatchObject({
      sha256: sha256('reads'),
      contentSize: '5',
      exampleOfWork: { '@id': '#input/reads' },
    });
    const [run] = crate.ofType('CreateAction');
    expect(run && idsIn(run, 'object')).toEqual([
      file,
      'https://example.org/a.fq?v=2',
      '#input/threshold/value',
      '#input/odd%20name%2F%23/value',
      '#input/list/value',
      '#input/record/value',
      '#engine-parameter/parallel',
    ]);
    expect(crate.node('#input/threshold/value').value).toBe(0.5);
    expect(crate.node('#input/record/value').value).toBe('{"a":1}');
    expect(crate.node('#input/threshold').additionalType).toBe('Float');
    expect(crate.node('#input/reads').additionalType).toBe('File');
  });

  it('has the outputs with size, digest, type and address', async () => {
    const { crate } = await crateOf(complete);
    const id = `outputs/${ODD.split('/').map(encodeURIComponent).join('/')}`;
    const output = crate.node(id);
    expect(output).toMatchObject({
      sha256: sha256('odd'),
      contentSize: '3',
      encodingFormat: 'text/plain',
      exampleOfWork: { '@id': '#output/table' },
    });
    const address = new URL(String(output.contentUrl));
    const fetched = await api.app.inject({ url: address.pathname, headers: bearer('alice') });
    expect(fetched.body).toBe('odd');
    expect(crate.node('outputs/dir/b.txt').exampleOfWork).toEqual({ '@id': '#output/dir' });
    expect(crate.node('#output/count/value').value).toBe(3);
  });

  it('says who ran what with which engine, and under which licence it may be used', async () => {
    const { crate } = await crateOf(complete);
    expect(crate.node('#engine/cwltool')).toMatchObject({ softwareVersion: '3.1' });
    expect(crate.node('#user/alice')).toMatchObject({ '@type': 'Person', name: 'alice' });
    const root = crate.node('./');
    expect(root).toMatchObject({
      identifier: complete,
      keywords: 'project:x, license:CC-BY-4.0',
      license: { '@id': 'https://spdx.org/licenses/CC-BY-4.0' },
      publisher: { '@id': 'https://example.org/' },
    });
    expect(crate.node(`urn:uuid:${complete}`)).toMatchObject({
      actionStatus: 'http://schema.org/CompletedActionStatus',
    });
  });

  it('never publishes credentials that are in addresses', async () => {
    expect(JSON.stringify((await crateOf(complete)).document)).not.toMatch(/secret|hush/);
  });

  it('of a run that failed tells the failure', async () => {
    const runId = await addEndedRun(api, {
      ...RUN,
      outputs: {},
      state: 'EXECUTOR_ERROR',
      reason: 'trim_2 failed',
    });
    const { document, crate } = await crateOf(runId);
    expect(crateProblems(document)).toEqual([]);
    for (const id of [`urn:uuid:${runId}`, '#engine-run']) {
      expect(crate.node(id)).toMatchObject({
        actionStatus: 'http://schema.org/FailedActionStatus',
        error: 'EXECUTOR_ERROR: trim_2 failed',
      });
    }
  });

  it('of a run that ended before its first task is no provenance of tasks', async () => {
    const request = {
      workflowType: 'WDL',
      workflowTypeVersion: '1.0',
      workflowUrl: 'https://example.org/w.wdl',
    };
    const runId = await api.addRun({ owner: 'alice', request });
    await api.store.requestCancel(runId, 'user:alice', Date.now());
    const { document, crate } = await crateOf(runId);
    expect(crateProblems(document)).toEqual([]);
    expect(crate.has(PROVENANCE)).toBe(false);
    expect(crate.ofType('OrganizeAction')).toEqual([]);
    expect(crate.node(`urn:uuid:${runId}`)).toMatchObject({
      error: expect.stringMatching(/^CANCELED: /),
    });
  });

  it('of thousands of tasks has each of them once', async () => {
    const tasks = Array.from({ length: 2500 }, (_, index) =>
      endedTask(index + 1, { name: 'work' }),
    );
    const runId = await addEndedRun(api, { ...RUN, tasks });
    const { document, crate } = await crateOf(runId);
    expect(crateProblems(document)).toEqual([]);
    expect(idsIn(crate.node('#engine-run'), 'object')).toHaveLength(2500);
  });

  it('is there when the run has ended, and not before', async () => {
    const runId = await addEndedRun(api, { ...RUN, state: 'RUNNING' });
    const response = await api.get(`/runs/${runId}/ro-crate`, bearer('alice'));
    expect(response.status).toBe(409);
    expect(response.body.msg).toContain('wait until it has ended');
  });

  it('is not there for others, as the run is not', async () => {
    for (const query of ['', '?download=zip', '?logs=true']) {
      expect((await api.get(`/runs/${complete}/ro-crate${query}`, bearer('bob'))).status).toBe(404);
      expect((await api.get(`/runs/${complete}/ro-crate${query}`)).status).toBe(401);
    }
  });

  it('refuses what it does not know', async () => {
    for (const query of ['?download=tar', '?logs=maybe']) {
      const response = await api.get(`/runs/${complete}/ro-crate${query}`, bearer('alice'));
      expect(response.status).toBe(400);
    }
  });

  it('answers HEAD with its headers alone', async () => {
    const url = `${api.deps.settings.apiPrefix}/runs/${complete}/ro-crate`;
    const head = await api.app.inject({ method: 'HEAD', url, headers: bearer('alice') });
    expect([head.statusCode, head.body]).toEqual([200, '']);
    expect(head.headers['content-type']).toBe('application/ld+json');
  });
});

describe('the archive of a crate', () => {
  it('has the metadata and the files, each under its own name', async () => {
    const { response, files } = await archiveOf(complete, '?download=zip');
    expect(response.headers['content-disposition']).toContain(`${complete}.crate.zip`);
    const { 'ro-crate-metadata.json': metadata = '', ...rest } = Object.fromEntries(files);
    expect(rest).toEqual({
      'attachments/main wf.cwl': 'cwl',
      [`attachments/reads/${ODD}`]: 'reads',
      'attachments/reads.txt': 'no input',
      'attachments/same': '1',
      'outputs/same': '22',
      [`outputs/${ODD}`]: 'odd',
      'outputs/dir/b.txt': 'b',
    });
    expect(JSON.parse(metadata)).toEqual((await crateOf(complete)).document);
  });

  it('has all files that its metadata name, and no others', async () => {
    const { files } = await archiveOf(complete, '?download=zip&logs=true');
    const { nodes } = readCrate(JSON.parse(files.get('ro-crate-metadata.json') ?? ''));
    const named = nodes
      .filter((node) => [node['@type']].flat().includes('File'))
      .map((node) => node['@id'])
      .filter((id) => !URL.canParse(id))
      .map(decodeURIComponent);
    expect([...files.keys()].filter((name) => name !== 'ro-crate-metadata.json').sort()).toEqual(
      named.sort(),
    );
    expect(files.get('logs/stderr')).toBe('the engine speaks\n');
    expect(files.get('logs/tasks/1/stdout')).toBe('trim\n');
  });

  it('comes to whoever accepts nothing else', async () => {
    const accept = { accept: 'application/zip' };
    expect((await archiveOf(complete, '', accept)).files.size).toBeGreaterThan(1);
  });

  it('breaks off where a file can not be read', async () => {
    const runId = await addEndedRun(api, RUN);
    await api.storage.delete(outputKey({ runId, attempt: 1 }, 'same'));
    const server = await api.listen();
    const response = await fetch(
      `${server}${api.deps.settings.apiPrefix}/runs/${runId}/ro-crate?download=zip`,
      { headers: bearer('alice') },
    );
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow();
  });
});

describeWith('a crate before the validator of its profiles', validator.missing, () => {
  async function problemsOf(files: ReadonlyMap<string, string>, profile?: string) {
    const directory = await mkdtemp(join(tmpdir(), 'wes-crate-'));
    try {
      for (const [name, content] of files) {
        const path = join(directory, name);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, content);
      }
      return await validator.problems(directory, profile);
    } finally {
      await rm(directory, { recursive: true });
    }
  }

  it('has all that is required, odd names and failures included', async () => {
    const { files } = await archiveOf(complete, '?download=zip&logs=true');
    expect(await problemsOf(files)).toEqual([]);
    const failed = await addEndedRun(api, { ...RUN, state: 'EXECUTOR_ERROR', outputs: {} });
    expect(await problemsOf((await archiveOf(failed, '?download=zip')).files)).toEqual([]);
  });

  it('without tasks is still the crate of a workflow run', async () => {
    const runId = await addEndedRun(api, { ...RUN, tasks: [], state: 'SYSTEM_ERROR' });
    const { files } = await archiveOf(runId, '?download=zip');
    expect(await problemsOf(files, 'workflow-run-crate')).toEqual([]);
  });

  it('is refused when something is missing: the validator can say no', async () => {
    const { files } = await archiveOf(complete, '?download=zip');
    const broken = (files.get('ro-crate-metadata.json') ?? '').replaceAll('HowToStep', 'HowTo');
    const problems = await problemsOf(new Map([...files, ['ro-crate-metadata.json', broken]]));
    expect(problems).not.toEqual([]);
    expect(crateProblems(JSON.parse(broken))).not.toEqual([]);
  });
});
