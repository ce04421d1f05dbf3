import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { JsonObject } from '../../src/runs/json.ts';
import type { WesClient } from '../../src/wes/client.ts';
import { createTestBucket, missingS3, type TestBucket } from '../support/buckets.ts';
import { ANY_FILE, shellTool } from '../support/cwl-samples.ts';
import { findCwltool, findEngine, TEST_ENGINES } from '../support/engines.ts';
import { startFileServer, type FileServer } from '../support/file-server.ts';
import { missingFtp, startFtpServer, type FtpServer } from '../support/ftp-server.ts';
import { putObject } from '../support/object-storage.ts';
import { endOf, textOf } from '../support/runs.ts';
import { addressOf, clientFor, TestDeployment } from '../support/server.ts';
import { describeWith } from '../support/suite.ts';

// Real processes on a machine that may have other things to do.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const { missing: missingCwltool } = await findCwltool();
const missing = missingCwltool ?? missingS3 ?? missingFtp;

/** Prints all files, one after another. */
const CAT = {
  ...shellTool('cat "$@"', { text: ANY_FILE('text') }, { stdout: 'text' }),
  baseCommand: ['cat'],
  arguments: [],
  inputs: { files: { type: 'File[]', inputBinding: { position: 1 } } },
};
const WORKFLOW = JSON.stringify({ cwlVersion: 'v1.2', ...CAT });

const fileAt = (location: string): JsonObject => ({ class: 'File', location });

function cwlRequest(locations: readonly string[], workflowUrl = 'main.cwl') {
  const isAttached = workflowUrl === 'main.cwl';
  return {
    request: {
      ...{ workflow_type: 'CWL', workflow_type_version: 'v1.2', workflow_url: workflowUrl },
      workflow_params: { files: locations.map(fileAt) },
    },
    attachments: new Map(isAttached ? [['main.cwl', new Blob([WORKFLOW])]] : []),
  };
}

describeWith('inputs by every protocol, through wes up', missing, () => {
  let deployment: TestDeployment;
  let client: WesClient;
  let web: FileServer;
  let bucket: TestBucket;
  let ftp: FtpServer;
  let ftpDirectory: string;
  let addresses: Readonly<Record<string, { readonly whole: string; readonly broken: string }>>;

  beforeAll(async () => {
    web = await startFileServer();
    bucket = await createTestBucket();
    ftpDirectory = mkdtempSync(join(tmpdir(), 'test-ftp-'));
    writeFileSync(join(ftpDirectory, 'ftp reads.fq'), 'by ftp\n');
    ftp = await startFtpServer({ directory: ftpDirectory, user: 'alice', password: 'p@ss' });
    addresses = await serveAll();
    const { endpoint, credentials } = bucket.settings;
    deployment = await TestDeployment.create({
      ENGINE_INSTALL_DIR: TEST_ENGINES,
      STAGING_ALLOWED_NETWORKS: '127.0.0.1',
      STAGING_S3_ENDPOINT_URL: endpoint,
      STAGING_S3_BUCKETS: `${bucket.settings.bucket}/${bucket.settings.prefix}/in`,
      STAGING_S3_ACCESS_KEY_ID: credentials.accessKeyId,
      STAGING_S3_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      STAGING_GS_ENDPOINT_URL: endpoint,
      STAGING_GS_BUCKETS: bucket.settings.bucket,
      STAGING_GS_ACCESS_KEY_ID: credentials.accessKeyId,
      STAGING_GS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      STAGING_HOSTS: `drs.example.org=${web.url},trs.example.org=${web.url}`,
      STAGING_TOKENS: 'drs.example.org=t0ken',
      STAGING_IDENTIFIERS_URL: `${web.url}/identifiers`,
      STAGING_SYNAPSE_URL: web.url,
      STAGING_SYNAPSE_TOKEN: 'pat',
    });
    client = clientFor(await addressOf(deployment.start(['up'])));
  });
  afterAll(async () => {
    await deployment.close();
    await ftp.close();
    rmSync(ftpDirectory, { recursive: true });
    await bucket.drop();
    await web.close();
  });

  /** By scheme: an address of a file that says `by SCHEME`, and one that can't be had. */
  async function serveAll() {
    const { bucket: name } = bucket.settings;
    const inS3 = await putObject(bucket, 'in/s3 reads%.fq', Buffer.from('by s3\n'));
    const secret = await putObject(bucket, 'out/secret', Buffer.from('secret'));
    const inGs = await putObject(bucket, 'gs.fq', Buffer.from('by gs\n'));
    serveDrs('a/1', inGs.replace('gs.fq', 'in/drs.fq'));
    await putObject(bucket, 'in/drs.fq', Buffer.from('by drs\n'));
    serveSynapse('by synapse\n');
    web.serve('/reads.fq', { content: 'by http\n' });
    return {
      http: { whole: `${web.url}/reads.fq`, broken: `${web.url}/none` },
      s3: { whole: `s3://${name}/${inS3}`, broken: `s3://${name}/${secret}` },
      gs: { whole: `gs://${name}/${inGs}`, broken: `gs://${name}/none` },
      ftp: {
        whole: `ftp://alice:p%40ss@127.0.0.1:${ftp.port}/ftp%20reads.fq`,
        broken: `ftp://alice:wr0ng@127.0.0.1:${ftp.port}/ftp%20reads.fq`,
      },
      drs: { whole: 'drs://here.drs:a/1', broken: 'drs://drs.example.org/none' },
      synapse: { whole: 'syn://syn1.2', broken: 'synapse://syn2' },
    };
  }

  function serveDrs(id: string, key: string): void {
    const resource = {
      compactIdentifierResolvedUrl: `https://drs.example.org/ga4gh/drs/v1/objects/${id}`,
    };
    web.serve(`/identifiers/here.drs:${id}`, {
      content: JSON.stringify({ payload: { resolvedResources: [resource] } }),
    });
    const object = {
      ...{ id, size: 'by drs\n'.length, name: 'drs reads.fq' },
      checksums: [{ type: 'sha-256', checksum: digestOf('sha256', 'by drs\n') }],
      access_methods: [{ type: 's3', access_id: 'one' }],
    };
    const path = `/ga4gh/drs/v1/objects/${encodeURIComponent(id)}`;
    web.serve(path, { content: JSON.stringify(object) });
    const url = `s3://${bucket.settings.bucket}/${key}`;
    web.serve(`${path}/access/one`, { content: JSON.stringify({ url }) });
  }

  function serveSynapse(content: string): void {
    const entity = {
      ...{ id: 'syn1', name: 'synapse.fq', versionNumber: 2, dataFileHandleId: '7' },
      concreteType: 'org.sagebionetworks.repo.model.FileEntity',
    };
    const handle = { id: '7', fileName: 'synapse.fq', contentMd5: digestOf('md5', content) };
    const base = '/repo/v1/entity/syn1/version/2';
    web.serve(base, { content: JSON.stringify(entity) });
    web.serve(`${base}/filehandles`, { content: JSON.stringify({ list: [handle] }) });
    web.serve(`${base}/file`, { content: `${web.url}/signed?X-Signature=1` });
    web.serve('/signed', { content });
  }

  function digestOf(algorithm: string, content: string): string {
    return createHash(algorithm).update(content).digest('hex');
  }

  /** The last reason in the history. */
  async function reasonOf(runId: string): Promise<string> {
    return (await client.getHistory(runId)).history.at(-1)?.reason ?? '';
  }

  async function outputOf(runId: string): Promise<string> {
    const run = await endOf(client, runId);
    expect(await reasonOf(runId)).not.toContain('could not be fetched');
    expect(run.state).toBe('COMPLETE');
    const text = run.outputs?.text as { readonly location: string } | undefined; // a File of CWL
    return await textOf(client, text?.location);
  }

  test('a CWL run gets a file by each protocol at once', async () => {
    const all = Object.values(addresses).map(({ whole }) => whole);
    const runId = await client.runWorkflow(cwlRequest(all));
    expect(await outputOf(runId)).toBe('by http\nby s3\nby gs\nby ftp\nby drs\nby synapse\n');
    const log = await textOf(client, (await client.getRunLog(runId)).run_log?.stderr);
    for (const secret of ['p%40ss', 'p@ss', 't0ken', 'X-Signature'])
      expect(log).not.toContain(secret);
  });

  test('service-info names the protocols', async () => {
    const { supported_filesystem_protocols: schemes } = await client.getServiceInfo();
    expect(schemes).toEqual(expect.arrayContaining(Object.keys(addresses)));
  });

  test.each([
    ['http', 'answered 404 Not Found'],
    ['s3', 'STAGING_S3_BUCKETS'],
    ['gs', 'there is no such object'],
    ['ftp', 'the server refused the user or the password'],
    ['drs', 'has no such object'],
    ['synapse', 'Synapse has no syn2'],
  ])('a file that can not be had by %s ends the run with the reason', async (scheme, words) => {
    const { broken = '' } = addresses[scheme] ?? {};
    const runId = await client.runWorkflow(cwlRequest([`${web.url}/reads.fq`, broken]));
    expect((await endOf(client, runId)).state).toBe('SYSTEM_ERROR');
    const reason = await reasonOf(runId);
    expect(reason).toContain('workflow_params.files[1].location');
    expect(reason).toContain(words);
    expect(reason).not.toContain('wr0ng');
  });

  test('a workflow of a registry is run with the files beside it', async () => {
    const id = encodeURIComponent('#workflow/example.org/cat');
    const version = `/api/ga4gh/trs/v2/tools/${id}/versions/v1`;
    const files = [
      { path: 'main.cwl', file_type: 'PRIMARY_DESCRIPTOR' },
      { path: '../tools/cat.cwl', file_type: 'SECONDARY_DESCRIPTOR' },
    ];
    const main = {
      ...{ cwlVersion: 'v1.2', class: 'Workflow', inputs: { files: 'File[]' } },
      outputs: { text: { type: 'File', outputSource: 'cat/text' } },
      steps: { cat: { run: '../tools/cat.cwl', in: { files: 'files' }, out: ['text'] } },
    };
    web.serve(`${version}/CWL/files`, { content: JSON.stringify(files) });
    web.serve(`${version}/PLAIN_CWL/descriptor/main.cwl`, { content: JSON.stringify(main) });
    web.serve(`${version}/PLAIN_CWL/descriptor/..%2Ftools%2Fcat.cwl`, { content: WORKFLOW });
    for (const url of [
      `trs://trs.example.org/${id}/v1`,
      `${web.url}${version}/PLAIN_CWL/descriptor//main.cwl`,
    ]) {
      const runId = await client.runWorkflow(cwlRequest([`${web.url}/reads.fq`], url));
      expect(await outputOf(runId)).toBe('by http\n');
    }
    const missingOne = `trs://trs.example.org/${id}/v2`;
    const runId = await client.runWorkflow(cwlRequest([`${web.url}/reads.fq`], missingOne));
    expect((await endOf(client, runId)).state).toBe('SYSTEM_ERROR');
    expect(await reasonOf(runId)).toContain('has no such CWL workflow, or no such version of it');
  });
});

const { missing: missingMiniwdl } = await findEngine('miniwdl');

describeWith('a WDL workflow of a registry, through wes up', missingMiniwdl, () => {
  test('is run with what it imports from above', async () => {
    const registry = await startFileServer();
    const version = '/api/ga4gh/trs/v2/tools/cat/versions/v1';
    const documents = {
      'main.wdl': `version 1.0
import "../tasks/cat.wdl" as tasks
workflow main {
  input { File reads }
  call tasks.cat { input: reads = reads }
  output { String text = cat.text }
}`,
      '../tasks/cat.wdl': `version 1.0
task cat {
  input { File reads }
  command { cat ~{reads} }
  output { String text = read_string(stdout()) }
}`,
    };
    const files = Object.keys(documents).map((path) => ({
      path,
      file_type: path === 'main.wdl' ? 'PRIMARY_DESCRIPTOR' : 'SECONDARY_DESCRIPTOR',
    }));
    registry.serve(`${version}/WDL/files`, { content: JSON.stringify(files) });
    for (const [path, content] of Object.entries(documents)) {
      const name = encodeURIComponent(path);
      registry.serve(`${version}/PLAIN_WDL/descriptor/${name}`, { content });
    }
    registry.serve('/reads.fq', { content: 'by http\n' });
    const deployment = await TestDeployment.create({
      ENGINE_INSTALL_DIR: TEST_ENGINES,
      STAGING_HOSTS: `trs.example.org=${registry.url}`,
    });
    try {
      const client = clientFor(await addressOf(deployment.start(['up'])));
      const runId = await client.runWorkflow({
        request: {
          ...{ workflow_type: 'WDL', workflow_type_version: '1.0' },
          workflow_url: 'trs://trs.example.org/cat/v1',
          workflow_params: { 'main.reads': `${registry.url}/reads.fq` },
        },
        attachments: new Map(),
      });
      const run = await endOf(client, runId);
      expect(run.state).toBe('COMPLETE');
      expect(run.outputs).toEqual({ 'main.text': 'by http' });
    } finally {
      await deployment.close();
      await registry.close();
    }
  });
});
