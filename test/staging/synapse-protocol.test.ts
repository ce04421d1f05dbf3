import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSynapseProtocol } from '../../src/staging/synapse-protocol.ts';
import { createFetching, type Fetching } from '../support/fetching.ts';
import { startFileServer, type FileServer } from '../support/file-server.ts';

const CONTENT = Buffer.from('acgt'.repeat(1_000_000));
const MD5 = createHash('md5').update(CONTENT).digest('hex');
const MODEL = 'org.sagebionetworks.repo.model';

let synapse: FileServer;
let files: FileServer;
let fetching: Fetching;

beforeEach(async () => {
  synapse = await startFileServer();
  files = await startFileServer();
  fetching = createFetching([synapse.url, files.url]);
  files.serve('/bucket/key', { content: CONTENT, etag: '"one"' });
  serveFile('syn123/version/4');
  answer('syn123', entity());
  answer('syn123/version/4', entity());
});
afterEach(async () => {
  fetching.close();
  await synapse.close();
  await files.close();
});

function answer(path: string, content: unknown, status = 200): void {
  synapse.serve(`/repo/v1/entity/${path}`, (_request, response) => {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    response.writeHead(status).end(text);
  });
}

const entity = (more: object = {}) => ({
  ...{ id: 'syn123', name: 'reads', versionNumber: 4, dataFileHandleId: '77' },
  concreteType: `${MODEL}.FileEntity`,
  ...more,
});

function serveFile(path: string, md5 = MD5): void {
  const handle = { id: '77', fileName: 'reads.fq', contentMd5: md5, contentSize: CONTENT.length };
  const preview = { id: '78', fileName: 'preview.png', contentMd5: '0'.repeat(32), contentSize: 3 };
  answer(`${path}/filehandles`, { list: [preview, handle] });
  answer(`${path}/file`, `${files.url}/bucket/key?X-Amz-Signature=abc`);
}

const protocol = (token: { readonly token?: string } = { token: 'pat' }) =>
  createSynapseProtocol({
    ...{ web: fetching.web, openWeb: fetching.openWeb, url: `${synapse.url}/` },
    ...token,
  });

describe('A file of Synapse', () => {
  test.each(['synapse://syn123', 'syn://syn123', 'synapse://syn123.4', 'synapse:syn123'])(
    'is fetched by %s, in one version',
    async (address) => {
      const fetched = await fetching.fetch(protocol().open, address);
      expect(fetched.content.equals(CONTENT)).toBe(true);
      expect(fetched).toMatchObject({ name: 'reads.fq', version: '"one"' });
      expect(
        synapse.requests.map(({ path }) => path.replace('/repo/v1/entity/', '')).slice(1),
      ).toEqual(['syn123/version/4/filehandles', 'syn123/version/4/file']);
      for (const { headers } of synapse.requests) expect(headers.authorization).toBe('Bearer pat');
      expect(files.requests[0]?.headers.authorization).toBeUndefined();
    },
  );

  test('goes on where the connection broke', async () => {
    const breaks = { after: 3_000_000, answers: [1] };
    files.serve('/bucket/key', { content: CONTENT, etag: '"one"', breaks });
    const { content } = await fetching.fetch(protocol().open, 'synapse://syn123');
    expect(content.equals(CONTENT)).toBe(true);
    expect(files.requests[1]?.range).toMatch(/^bytes=[1-9]\d*-$/);
  });

  test('is not taken with another checksum than that of Synapse', async () => {
    serveFile('syn123/version/4', '0'.repeat(32));
    const error = await fetching.failure(protocol().open, 'synapse://syn123');
    expect(error.message).toContain('its md5 checksum is not the one');
  });

  test('is not fetched without a token', async () => {
    const error = await fetching.failure(protocol({}).open, 'synapse://syn123');
    expect(error.message).toBe('the service has no token for Synapse (STAGING_SYNAPSE_TOKEN)');
    expect(synapse.requests).toEqual([]);
  });

  test.each([
    [401, "Synapse refused the service's token", false],
    [403, "Synapse does not let the service's account download syn123", false],
    [404, 'Synapse has no syn123, or no such version of it', false],
    [503, 'Synapse: answered 503', true],
  ])('for which Synapse answers %i is not fetched', async (status, words, isPassing) => {
    answer('syn123', { reason: 'planted' }, status);
    const error = await fetching.failure(protocol().open, 'synapse://syn123');
    expect(error.message).toContain(words);
    expect(error.isPassing).toBe(isPassing);
  });

  test.each(['Folder', 'Project', 'Link'])('is no %s', async (kind) => {
    answer('syn123', { id: 'syn123', name: 'x', concreteType: `${MODEL}.${kind}` });
    const error = await fetching.failure(protocol().open, 'synapse://syn123');
    expect(error.message).toBe(
      `syn123 is no file in Synapse, but of the kind '${kind.toLowerCase()}'`,
    );
  });

  test('outside of Synapse is not fetched', async () => {
    answer('syn123/version/4/file', 'sftp://files.example.org/reads.fq');
    const error = await fetching.failure(protocol().open, 'synapse://syn123');
    expect(error.message).toContain('it lies outside of Synapse');
    answer('syn123/version/4/file', 'http://127.0.0.1:1/reads.fq');
    const inside = await fetching.failure(protocol().open, 'synapse://syn123');
    expect(inside.message).toContain('is a private or special address');
  });

  test.each(['synapse://123', 'synapse://syn123/a', 'syn://syn12x', 'synapse://syn123.4.5'])(
    'has not the address %s',
    async (address) => {
      const error = await fetching.failure(protocol().open, address);
      expect(error.message).toContain('it has not the form synapse://syn123');
    },
  );
});
