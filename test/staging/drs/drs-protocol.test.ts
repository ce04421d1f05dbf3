import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDrsProtocol } from '../../../src/staging/drs/drs-protocol.ts';
import { createHosts } from '../../../src/staging/hosts.ts';
import { FetchError, type Opener, type Protocol } from '../../../src/staging/protocol.ts';
import { createFetching, type Fetching } from '../../support/fetching.ts';
import { startFileServer, type FileServer } from '../../support/file-server.ts';

const CONTENT = Buffer.from('acgt'.repeat(1_000_000));
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const OBJECTS = '/ga4gh/drs/v1/objects';

let drs: FileServer;
let files: FileServer;
let fetching: Fetching;

beforeEach(async () => {
  drs = await startFileServer();
  files = await startFileServer();
  fetching = createFetching([drs.url, files.url]);
  files.serve('/signed/reads.fq', { content: CONTENT, etag: '"one"' });
});
afterEach(async () => {
  fetching.close();
  await drs.close();
  await files.close();
});

const refuseOthers: Opener = async (address) => {
  throw new FetchError(`no way to ${address}`, false);
};

function protocol(tokens: readonly string[] = [], open: Opener = refuseOthers): Protocol {
  const { web, openWeb } = fetching;
  const hosts = createHosts([`drs.example.org=${drs.url}`], tokens);
  return createDrsProtocol({ web, openWeb, open, hosts, resolverUrl: `${drs.url}/resolver/` });
}

function answer(path: string, content: unknown, status = 200, headers = {}): void {
  drs.serve(path, (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(content));
  });
}

const object = (more: object = {}) => ({
  id: '314159',
  self_uri: 'drs://drs.example.org/314159',
  size: CONTENT.length,
  created_time: '2026-01-01T00:00:00Z',
  checksums: [
    { type: 'sha-256', checksum: SHA256 },
    { type: 'etag', checksum: 'abc-1' },
  ],
  access_methods: [{ type: 'https', access_url: { url: `${files.url}/signed/reads.fq?X=1` } }],
  ...more,
});

const get = (address = 'drs://drs.example.org/314159') => fetching.fetch(protocol().open, address);
const failure = (address = 'drs://drs.example.org/314159', tokens: readonly string[] = []) =>
  fetching.failure(protocol(tokens).open, address);

describe('An object of a DRS server', () => {
  test('is fetched from the address that the server names', async () => {
    answer(`${OBJECTS}/314159`, object());
    const fetched = await get();
    expect(fetched.content.equals(CONTENT)).toBe(true);
    expect(fetched).toMatchObject({ version: '"one"', name: 'reads.fq', sha256: SHA256 });
  });

  test('has the name that the server tells', async () => {
    answer(`${OBJECTS}/314159`, object({ name: 'sample 1.fq' }));
    expect((await get()).name).toBe('sample 1.fq');
  });

  test('has an id that is percent-encoded as one part of the path', async () => {
    answer(`${OBJECTS}/a%2Fb%3Ac%20d`, object());
    for (const id of ['a%2Fb%3Ac%20d', 'a/b%3Ac%20d']) {
      expect((await get(`drs://drs.example.org/${id}`)).sizeBytes).toBe(CONTENT.length);
    }
  });

  test('is fetched with the headers that belong to its address', async () => {
    const url = `${files.url}/signed/reads.fq`;
    const headers = ['Authorization: Basic Z2E0Z2g6ZHJz', 'X-More: a: b'];
    answer(
      `${OBJECTS}/314159`,
      object({ access_methods: [{ type: 'https', access_url: { url, headers } }] }),
    );
    await get();
    expect(files.requests[0]?.headers).toMatchObject({
      authorization: 'Basic Z2E0Z2g6ZHJz',
      'x-more': 'a: b',
    });
  });

  test('is asked for its address where there is only an id of one', async () => {
    answer(`${OBJECTS}/314159`, object({ access_methods: [{ type: 'https', access_id: 'a/1' }] }));
    answer(`${OBJECTS}/314159/access/a%2F1`, { url: `${files.url}/signed/reads.fq` });
    expect((await get()).content.equals(CONTENT)).toBe(true);
  });

  test('goes on, by an address of its own, where the connection broke', async () => {
    files.serve('/signed/reads.fq', {
      content: CONTENT,
      etag: '"one"',
      breaks: { after: 3_000_000, answers: [1] },
    });
    answer(`${OBJECTS}/314159`, object());
    expect((await get()).content.equals(CONTENT)).toBe(true);
    expect(files.requests[1]?.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(drs.asked(`${OBJECTS}/314159`)).toBe(2);
  });

  test('is not taken with another checksum than that of the server', async () => {
    answer(`${OBJECTS}/314159`, object({ checksums: [{ type: 'md5', checksum: '0'.repeat(32) }] }));
    expect((await failure()).message).toContain('its md5 checksum is not the one');
  });

  test('is not taken with another size', async () => {
    answer(`${OBJECTS}/314159`, object({ size: 7 }));
    expect((await failure()).message).toBe('it has 4000000 bytes, but by its DRS server 7');
  });

  test('is waited for while the server makes it ready', async () => {
    let asked = 0;
    drs.serve(`${OBJECTS}/314159`, (_request, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(202, { 'retry-after': '1' }).end();
      else response.writeHead(200).end(JSON.stringify(object()));
    });
    expect((await get()).sizeBytes).toBe(CONTENT.length);
    expect(asked).toBe(2);
  });

  test('is read by the first way that works', async () => {
    const opened: string[] = [];
    const open: Opener = async (address, request) => {
      opened.push(address);
      if (address.startsWith('s3:')) throw new FetchError('not allowed', false);
      return await fetching.openWeb(`${files.url}/signed/reads.fq`, request);
    };
    const access_methods = [
      { type: 'globus', access_url: { url: 'globus://x/y' } },
      { type: 'gs', access_url: { url: 'gs://data/reads.fq' } },
      { type: 's3', access_url: { url: 's3://data/reads.fq' } },
      { type: 'https', access_url: { url: `${files.url}/gone` } },
    ];
    answer(`${OBJECTS}/314159`, object({ access_methods }));
    const fetched = await fetching.fetch(protocol([], open).open, 'drs://drs.example.org/314159');
    expect(fetched.content.equals(CONTENT)).toBe(true);
    expect(opened).toEqual(['s3://data/reads.fq', 'gs://data/reads.fq']);
    const error = await failure();
    expect(error.message).toBe(
      'https: answered 404 Not Found; s3: no way to s3://data/reads.fq; gs: no way to gs://data/reads.fq',
    );
  });

  test.each([
    [{ contents: [{ name: 'a' }] }, 'it is a bundle of several objects'],
    [{ access_methods: [] }, 'its DRS server offers no way to it'],
    [{ access_methods: [{ type: 'globus' }] }, 'it is offered by globus only'],
    [
      { access_methods: [{ type: 'https', access_url: { url: 'file:///etc/passwd' } }] },
      'names a place of which',
    ],
    [
      { access_methods: [{ type: 'https', access_url: { url: 'drs://drs.example.org/314159' } }] },
      'names a place of which',
    ],
  ])('with %j is refused', async (more, words) => {
    answer(`${OBJECTS}/314159`, object(more));
    const error = await failure();
    expect(error.message).toContain(words);
    expect(error.isPassing).toBe(false);
  });

  test('on a private address is refused', async () => {
    const inside = await startFileServer();
    inside.serve('/secret', { content: CONTENT });
    const url = `${inside.url}/secret`;
    answer(
      `${OBJECTS}/314159`,
      object({ access_methods: [{ type: 'https', access_url: { url } }] }),
    );
    expect((await failure()).message).toContain('is a private or special address');
    files.serve('/signed/reads.fq', (_request, response) => {
      response.writeHead(302, { location: url }).end();
    });
    answer(`${OBJECTS}/314159`, object());
    expect((await failure()).message).toContain('is a private or special address');
    expect((await failure('drs://127.0.0.1/a')).message).toContain(
      'is a private or special address',
    );
    expect(inside.requests).toEqual([]);
    await inside.close();
  });
});

describe('A DRS server', () => {
  test('is shown the token that operators gave for it, and nobody else', async () => {
    answer(`${OBJECTS}/314159`, object());
    await fetching.fetch(
      protocol(['drs.example.org=s3cret=']).open,
      'drs://drs.example.org/314159',
    );
    expect(drs.requests[0]?.headers.authorization).toBe('Bearer s3cret=');
    expect(files.requests[0]?.headers.authorization).toBeUndefined();
  });

  test.each([
    [401, [], 'the service has no token for it (STAGING_TOKENS)', false],
    [401, ['drs.example.org=x'], "refused the service's token", false],
    [403, [], 'does not let the service read it', false],
    [404, [], 'has no such object', false],
    [500, [], 'answered 500', true],
  ] as const)('that answers %i is understood', async (status, tokens, words, isPassing) => {
    answer(`${OBJECTS}/314159`, { status_code: status }, status);
    const error = await failure(undefined, tokens);
    expect(error.message).toContain(words);
    expect(error.isPassing).toBe(isPassing);
  });

  test('that does not speak DRS is told of', async () => {
    drs.serve(`${OBJECTS}/314159`, { content: '<html>' });
    expect((await failure()).message).toMatch(
      /^its DRS server 127.0.0.1:\d+ did not answer with JSON$/,
    );
  });
});

describe('A compact identifier', () => {
  const resolved = (url: string, more: object = {}) => ({
    compactIdentifierResolvedUrl: url,
    recommendation: { recommendationIndex: 0 },
    ...more,
  });

  test('is resolved by the registry, whose answer holds for its prefix', async () => {
    answer('/resolver/drs.42:10.5072/FK2', {
      payload: {
        resolvedResources: [
          resolved('https://old.example.org/x', { deprecatedResource: true }),
          resolved('https://mirror.example.org/x'),
          resolved(`https://drs.example.org${OBJECTS}/10.5072/FK2`, {
            recommendation: { recommendationIndex: 100 },
          }),
        ],
      },
    });
    answer(`${OBJECTS}/10.5072%2FFK2`, object());
    answer(`${OBJECTS}/other`, object());
    const { open } = protocol();
    await fetching.fetch(open, 'drs://drs.42:10.5072/FK2');
    await fetching.fetch(open, 'drs://drs.42:other');
    expect(drs.requests.filter(({ path }) => path.startsWith('/resolver'))).toHaveLength(1);
  });

  test('may name a provider, and lead to its object by redirects', async () => {
    answer('/resolver/here/doi:a', { payload: { resolvedResources: [resolved(`${drs.url}/go`)] } });
    drs.serve('/go', (_request, response) => {
      response.writeHead(302, { location: `${OBJECTS}/a?b=1` }).end();
    });
    answer(`${OBJECTS}/a`, object({ access_methods: [{ type: 'https', access_id: '1' }] }));
    answer(`${OBJECTS}/a/access/1`, { url: `${files.url}/signed/reads.fq` });
    expect((await get('drs://here/doi:a')).content.equals(CONTENT)).toBe(true);
  });

  test('that the registry does not know is told of', async () => {
    const error = await failure('drs://nothing:1');
    expect(error.message).toContain("does not know where objects of 'nothing' are");
    expect(error.isPassing).toBe(false);
  });

  test.each([
    ['drs://drs.example.org:8080/a', 'has no port'],
    ['drs://drs.example.org', 'it has neither the form'],
    ['drs://drs.example.org/', 'it has neither the form'],
    ['drs://1.2.3.4.5/a', 'it has neither the form'],
    ['drs://drs.example.org/%zz', 'begins no character'],
  ])('%s is none', async (address, words) => {
    expect((await failure(address)).message).toContain(words);
  });
});
