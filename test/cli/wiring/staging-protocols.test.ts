import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hostsFor, originsFor, protocolsFor } from '../../../src/cli/wiring/staging-protocols.ts';
import { loadConfig } from '../../../src/config.ts';
import { FetchError, type Protocol } from '../../../src/staging/protocol.ts';
import { createFetching, type Fetching } from '../../support/fetching.ts';

type Environment = Readonly<Record<string, string>>;

/** Where nobody listens, so that what is not refused before says so. */
const NOWHERE = 'http://127.0.0.1:1';

let fetching: Fetching;
beforeEach(() => {
  fetching = createFetching([]);
});
afterEach(() => fetching.close());

function protocol(scheme: string, environment: Environment): Protocol {
  const config = loadConfig({ environment });
  const found = protocolsFor(config, {
    ...{ web: fetching.web, guard: fetching.guard, hosts: hostsFor(config), idleMs: 1000 },
    open: () => Promise.reject(new FetchError('not asked for', false)),
  }).find(({ schemes }) => schemes.includes(scheme));
  if (found === undefined) throw new Error(`no protocol of ${scheme}`);
  return found;
}

async function reason(address: string, environment: Environment): Promise<string> {
  const { open } = protocol(address.split(':', 1)[0] ?? '', environment);
  return (await fetching.failure(open, address)).message;
}

describe('The bucket of the storage', () => {
  const at = (storage: string | undefined, prefix?: string): Environment => ({
    ...{ STORAGE_BACKEND: 's3', S3_BUCKET_NAME: 'wes' },
    ...(storage !== undefined && { S3_ENDPOINT_URL: storage }),
    ...(prefix !== undefined && { S3_PREFIX: prefix }),
  });

  test.each<[string, Environment]>([
    ['at AWS', at(undefined)],
    [
      'at AWS by another address of it',
      { ...at('https://s3.eu-central-1.amazonaws.com'), STAGING_S3_BUCKETS: 'wes' },
    ],
    ['behind the same endpoint', { ...at(NOWHERE), STAGING_S3_ENDPOINT_URL: `${NOWHERE}/` }],
    ['although it is listed', { ...at(undefined, '/store/'), STAGING_S3_BUCKETS: 'wes' }],
    [
      'in its own part',
      { ...at(undefined, '/store/'), STAGING_S3_BUCKETS: 'wes/store/in,wes/store' },
    ],
  ])('is refused %s', async (_name, environment) => {
    const words = "bucket 'wes' holds what this service stores for its users";
    expect(await reason('s3://wes/store/in/a', environment)).toContain(words);
  });

  test.each<[string, string, Environment]>([
    ['behind another endpoint', 's3://wes/a', at('http://127.0.0.1:2')],
    ['on the local disk', 's3://wes/a', { S3_BUCKET_NAME: 'wes' }],
    [
      'in another part that is listed',
      's3://wes/in/a',
      { ...at(NOWHERE, 'store'), STAGING_S3_BUCKETS: 'wes/in' },
    ],
  ])('is asked %s', async (_name, address, environment) => {
    const keys = { STAGING_S3_ACCESS_KEY_ID: 'a', STAGING_S3_SECRET_ACCESS_KEY: 'b' };
    const settings = { ...environment, ...keys, STAGING_S3_ENDPOINT_URL: NOWHERE };
    expect(await reason(address, settings)).toBe('the server could not be reached (ECONNREFUSED)');
  });
});

describe('Settings that can not be', () => {
  test.each<[Environment, string]>([
    [{ STAGING_S3_ACCESS_KEY_ID: 'a' }, 'give both or none'],
    [{ STAGING_GS_SECRET_ACCESS_KEY: 'a' }, 'STAGING_GS_ACCESS_KEY_ID and STAGING_GS_SECRET'],
    [{ STAGING_S3_ENDPOINT_URL: 'ceph:7480' }, 'STAGING_S3_ENDPOINT_URL'],
    [{ STAGING_HOSTS: 'drs.example.org' }, 'STAGING_HOSTS'],
    [{ STAGING_HOSTS: 'drs.example.org=ftp://x' }, 'STAGING_HOSTS'],
    [{ STAGING_TOKENS: 's3cret' }, 'STAGING_TOKENS'],
  ])('%j are told of, without secrets', (environment, words) => {
    const outcome = () => protocol('s3', environment);
    expect(outcome).toThrow(words);
    expect(outcome).not.toThrow('s3cret');
  });
});

test('What operators name may be reached where it is', () => {
  const environment = {
    STAGING_HOSTS: 'a.example.org=http://10.1.2.3:8080/drs/,b.example.org=https://b.lan',
    STAGING_SYNAPSE_URL: 'http://10.1.2.4/',
  };
  expect(originsFor(loadConfig({ environment }))).toEqual([
    'http://10.1.2.3:8080',
    'https://b.lan',
    'https://resolver.api.identifiers.org',
    'http://10.1.2.4',
  ]);
  const hosts = hostsFor(loadConfig({ environment }));
  expect(hosts.baseOf('A.example.org')).toBe('http://10.1.2.3:8080/drs');
  expect(hosts.based('https://a.example.org/x?y')).toBe('http://10.1.2.3:8080/drs/x?y');
  expect(hosts.based('https://c.example.org/x')).toBe('https://c.example.org/x');
});
