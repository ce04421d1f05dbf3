import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHosts } from '../../../src/staging/hosts.ts';
import { FetchError } from '../../../src/staging/protocol.ts';
import { isTrsAddress } from '../../../src/staging/trs/trs-address.ts';
import { createTrsSource, type TrsDeps } from '../../../src/staging/trs/trs-source.ts';
import { createFetching, type Fetching } from '../../support/fetching.ts';
import { startFileServer, type FileServer } from '../../support/file-server.ts';

const ID = '#workflow/github.com/org/repo';
const ENCODED = encodeURIComponent(ID);
const VERSION = `/api/ga4gh/trs/v2/tools/${ENCODED}/versions/v1%2F2`;
const ADDRESS = `trs://trs.example.org/${ENCODED}/v1%2F2`;

let registry: FileServer;
let fetching: Fetching;
let directory: string;

beforeEach(async () => {
  registry = await startFileServer();
  fetching = createFetching([registry.url]);
  directory = mkdtempSync(join(tmpdir(), 'test-trs-'));
});
afterEach(async () => {
  fetching.close();
  rmSync(directory, { recursive: true });
  await registry.close();
});

interface Entry {
  readonly path: string;
  readonly file_type?: string;
  readonly checksum?: unknown;
  /** Undefined for one that the registry lists but does not give. */
  readonly content?: string;
}

/** As the specification has it: relative paths percent-encoded as one part. */
function serve(entries: readonly Entry[], type = 'CWL', version = VERSION): void {
  const list = entries.map(({ content: _content, ...entry }) => entry);
  registry.serve(`${version}/${type}/files`, { content: JSON.stringify(list) });
  for (const { path, content } of entries) {
    if (content === undefined) continue;
    registry.serve(`${version}/PLAIN_${type}/descriptor/${encodeURIComponent(path)}`, { content });
  }
}

const primary = (path: string, content = path): Entry => ({
  ...{ path, content, file_type: 'PRIMARY_DESCRIPTOR' },
});
const secondary = (path: string, content = path): Entry => ({
  ...{ path, content, file_type: 'SECONDARY_DESCRIPTOR' },
});

async function stage(url = ADDRESS, type = 'CWL', more: Partial<TrsDeps> = {}): Promise<string> {
  const hosts = createHosts([`trs.example.org=${registry.url}`], ['trs.example.org=t0ken']);
  const source = createTrsSource({ web: fetching.web, hosts, ...more });
  return (await source.stage(url, type, directory, new AbortController().signal)).primary;
}

async function failure(...args: Parameters<typeof stage>): Promise<FetchError> {
  const outcome: unknown = await stage(...args).catch((error: unknown) => error);
  if (outcome instanceof FetchError) return outcome;
  throw new Error(`no FetchError, but ${String(outcome)}`);
}

const tree = () =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(directory, path)).isFile())
    .toSorted();

describe('A workflow of a registry', () => {
  test('is written with the files beside it', async () => {
    serve([
      primary('main.cwl', 'cwlVersion: v1.2'),
      secondary('tools/a.cwl'),
      { ...secondary('test.json'), file_type: 'TEST_FILE' },
      { ...secondary('Dockerfile'), file_type: 'CONTAINERFILE' },
      { path: 'README.md', file_type: 'OTHER' },
      { path: 'LICENSE', file_type: 'OTHER', content: 'free' },
    ]);
    expect(await stage()).toBe('main.cwl');
    expect(tree()).toEqual(['LICENSE', 'main.cwl', 'tools/a.cwl']);
    expect(readFileSync(join(directory, 'main.cwl'), 'utf8')).toBe('cwlVersion: v1.2');
    expect(registry.requests[0]?.headers.authorization).toBe('Bearer t0ken');
  });

  test('keeps files above the primary one inside', async () => {
    serve([primary('main.wdl'), secondary('../lib/a.wdl'), secondary('../../b.wdl')], 'WDL');
    expect(await stage(ADDRESS, 'WDL')).toBe('_/_/main.wdl');
    expect(tree()).toEqual(['_/_/main.wdl', '_/lib/a.wdl', 'b.wdl']);
  });

  test('is found by the address of its descriptor', async () => {
    serve([primary('Dockstore.cwl'), secondary('other.cwl')]);
    const at = (path: string) => `${registry.url}${VERSION}/PLAIN_CWL/descriptor${path}`;
    expect(await stage(at('//Dockstore.cwl'))).toBe('Dockstore.cwl');
    expect(await stage(at('/other.cwl'))).toBe('other.cwl');
    expect(await stage(at(''))).toBe('Dockstore.cwl');
  });

  test('may be another file than the primary one', async () => {
    serve([primary('main.cwl'), secondary('tools/a.cwl')]);
    expect(await stage(`${ADDRESS}/tools/a.cwl`)).toBe('tools/a.cwl');
    expect((await failure(`${ADDRESS}/b.cwl`)).message).toBe(
      "its registry lists no file 'b.cwl', but 'main.cwl', 'tools/a.cwl'",
    );
  });

  test('of Nextflow may have its configuration for a primary descriptor', async () => {
    serve(
      [primary('nextflow.config', "manifest { mainScript = 'run.nf' }"), secondary('run.nf')],
      'NFL',
    );
    expect(await stage(ADDRESS, 'NFL')).toBe('run.nf');
    serve([primary('nextflow.config', ''), secondary('main.nf')], 'NFL');
    expect(await stage(ADDRESS, 'NFL')).toBe('main.nf');
    serve([primary('nextflow.config', '')], 'NFL');
    expect((await failure(ADDRESS, 'NFL')).message).toContain("has no 'main.nf'");
  });

  test('is held to the checksums of its registry', async () => {
    const checksum = (content: string) => ({
      type: 'sha1',
      checksum: createHash('sha1').update(content).digest('hex'),
    });
    serve([{ ...primary('main.cwl', 'x'), checksum: checksum('x') }]);
    expect(await stage()).toBe('main.cwl');
    serve([{ ...primary('main.cwl', 'x'), checksum: [checksum('y')] }]);
    expect((await failure()).message).toBe(
      "'main.cwl' has not the sha1 checksum that its registry lists",
    );
  });

  test('comes from registries that take paths as they are', async () => {
    serve([primary('main.cwl'), { path: 'tools/a b.cwl', file_type: 'SECONDARY_DESCRIPTOR' }]);
    registry.serve(`${VERSION}/PLAIN_CWL/descriptor/tools/a%20b.cwl`, { content: 'a' });
    await stage();
    expect(tree()).toEqual(['main.cwl', 'tools/a b.cwl']);
  });

  test.each<[string, readonly Entry[], string]>([
    ['an absolute path', [primary('main.cwl'), secondary('/etc/a')], "lists a file '/etc/a'"],
    ['a path of Windows', [primary('main.cwl'), secondary('a\\b')], 'which can not be used'],
    ['a directory', [primary('main.cwl'), secondary('a/..')], 'which can not be used'],
    [
      'a file below a file',
      [primary('main.cwl'), secondary('main.cwl/b')],
      'which can not be used',
    ],
    ['a file twice', [primary('main.cwl'), secondary('./main.cwl')], 'twice'],
    [
      'a way far up',
      [primary('main.cwl'), secondary(`${'../'.repeat(17)}a`)],
      'which can not be used',
    ],
    ['no primary descriptor', [secondary('main.cwl')], 'names no primary descriptor'],
    ['two of them', [primary('a.cwl'), primary('b.cwl')], 'names several primary descriptors'],
    [
      'a file that is not given',
      [primary('main.cwl'), { path: 'a', file_type: 'SECONDARY_DESCRIPTOR' }],
      "lists 'a', but does not have it",
    ],
  ])('with %s is refused, and nothing is written', async (_name, entries, words) => {
    serve(entries);
    const error = await failure();
    expect(error.message).toContain(words);
    expect(error.isPassing).toBe(false);
    expect(tree()).toEqual([]);
  });

  test('has a limit of files and bytes', async () => {
    serve([primary('main.cwl', 'x'.repeat(600)), secondary('a', 'x'.repeat(600))]);
    expect((await failure(ADDRESS, 'CWL', { maxFiles: 1 })).message).toContain('1 are allowed');
    expect((await failure(ADDRESS, 'CWL', { maxBytes: 1000 })).message).toContain('bytes');
    expect((await failure(ADDRESS, 'CWL', { maxBytes: 100 })).message).toContain('bytes');
    expect(tree()).toEqual([]);
  });

  test('of another language than the request says is refused', async () => {
    const url = `${registry.url}${VERSION}/PLAIN_WDL/descriptor/main.wdl`;
    expect((await failure(url)).message).toBe(
      'it is of the language WDL, but workflow_type is CWL',
    );
  });

  test.each([
    [404, false, 'has no such CWL workflow, or no such version'],
    [403, false, "does not let the service read it with the operator's token"],
    [503, true, 'answered 503'],
  ])('whose registry answers %i is not run', async (status, isPassing, words) => {
    registry.serve(`${VERSION}/CWL/files`, (_request, response) =>
      response.writeHead(status).end(),
    );
    const error = await failure();
    expect(error.message).toContain(words);
    expect(error.isPassing).toBe(isPassing);
  });

  test('on a private address is not asked for', async () => {
    expect((await failure('trs://127.0.0.1/a/b')).message).toContain('private or special address');
  });

  test.each([
    ['trs://trs.example.org/a', 'it has not the form trs://server/id/version'],
    ['trs://trs.example.org', 'it has not the form trs://server/id/version'],
    ['trs://trs.example.org/#workflow/a/v1', '# must be written as %23'],
    ['trs://trs.example.org/%zz/v1', 'begins no character'],
  ])('has not the address %s', async (url, words) => {
    expect((await failure(url)).message).toContain(words);
  });
});

test.each([
  ['trs://trs.example.org/a/b', true],
  [
    'https://dockstore.org/api/ga4gh/trs/v2/tools/a%2Fb/versions/1/PLAIN_CWL/descriptor//Dockstore.cwl',
    true,
  ],
  ['https://dockstore.org/api/ga4gh/trs/v2/tools/a%2Fb/versions/1/CWL/descriptor', true],
  ['https://example.org/tools/main.cwl', false],
  ['main.cwl', false],
])('whether %s is of a registry: %s', (url, expected) => {
  expect(isTrsAddress(url)).toBe(expected);
});
