import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../src/config.ts';

describe('the configuration', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'wes-config-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  function settingsFile(content: string): string {
    const file = join(directory, `${Math.random()}.env`);
    writeFileSync(file, content);
    return file;
  }

  test('works with nothing set, all data below the data directory', () => {
    const config = loadConfig({ environment: { XDG_DATA_HOME: '/data' } });
    expect(config).toMatchObject({
      dataDir: '/data/ga4gh-wes',
      databaseUrl: 'sqlite:/data/ga4gh-wes/wes.db',
      localStoragePath: '/data/ga4gh-wes/storage',
      workDir: '/data/ga4gh-wes/work',
      apiHost: '127.0.0.1',
      authMethod: 'none',
      corsOrigins: [],
    });
    expect(config.publicUrl).toBeUndefined();
  });

  test('takes defaults, then the file, then the environment, then the command line', () => {
    const file = settingsFile('API_PORT=1\nAPI_HOST=0.0.0.0\nSERVICE_NAME="from file"\n');
    const config = loadConfig({
      file,
      environment: { API_PORT: '2', API_HOST: '::1' },
      overrides: { API_PORT: '3' },
    });
    expect(config).toMatchObject({ apiPort: 3, apiHost: '::1', serviceName: 'from file' });
  });

  test('moves all directories with DATA_DIR and makes relative ones absolute', () => {
    const config = loadConfig({ environment: { DATA_DIR: 'here', WORK_DIR: 'work' } });
    expect(config.localStoragePath).toBe(join(process.cwd(), 'here/storage'));
    expect(config.databaseUrl).toBe(`sqlite:${process.cwd()}/here/wes.db`);
    expect(config.workDir).toBe(join(process.cwd(), 'work'));
  });

  test('reads lists, flags and numbers of seconds', () => {
    const config = loadConfig({
      environment: {
        CORS_ORIGINS: 'https://a, https://b',
        TRUST_PROXY: 'yes',
        CANCEL_GRACE: '0.5',
      },
    });
    expect(config).toMatchObject({
      corsOrigins: ['https://a', 'https://b'],
      trustProxy: true,
      cancelGrace: 0.5,
    });
  });

  test('an empty variable counts as not set', () => {
    expect(loadConfig({ environment: { API_PORT: '' } }).apiPort).toBe(8080);
  });

  test.each([
    [{ API_PORT: 'eighty' }, 'API_PORT: must be a whole number from 0 to 65535'],
    [{ API_PORT: '70000' }, 'API_PORT: must be a whole number from 0 to 65535'],
    [{ AUTH_METHOD: 'magic' }, 'AUTH_METHOD: must be one of none, basic'],
    [{ TRUST_PROXY: 'maybe' }, 'TRUST_PROXY: must be true or false'],
    [
      { ENGINE_ENVIRONMENT: 'http_proxy,2nd' },
      'ENGINE_ENVIRONMENT: must be a list of names of environment variables, separated by commas',
    ],
    [{ STORAGE_BACKEND: 'ftp' }, 'STORAGE_BACKEND: must be one of local, s3'],
    [{ STORAGE_BACKEND: 's3' }, 'S3_BUCKET_NAME: must be given with STORAGE_BACKEND=s3'],
    [
      { STORAGE_BACKEND: 's3', S3_BUCKET_NAME: 'b', S3_ENDPOINT_URL: 'localhost:9000' },
      'S3_ENDPOINT_URL: must be an address that begins with http:// or https://',
    ],
    [{ ALLOWED_FILE_ROOTS: 'data' }, 'ALLOWED_FILE_ROOTS: "data" must be an absolute path'],
  ])('%j is refused with the name of the setting and what it takes', (environment, message) => {
    expect(() => loadConfig({ environment })).toThrow(new ConfigError([message]));
  });

  test('a list with a default can be emptied', () => {
    expect(loadConfig({ environment: {} }).engineEnvironment).toContain('https_proxy');
    expect(loadConfig({ environment: { ENGINE_ENVIRONMENT: ',' } }).engineEnvironment).toEqual([]);
  });

  test('every wrong setting is named at once', () => {
    expect(() => loadConfig({ environment: { API_PORT: 'x', LOG_LEVEL: 'loud' } })).toThrow(
      /API_PORT.*\n.*LOG_LEVEL/,
    );
  });

  test('an unknown name in the file is an error', () => {
    const file = settingsFile('API_PROT=1\n');
    expect(() => loadConfig({ file, environment: {} })).toThrow(/API_PROT is no setting/);
  });

  test('a file that is not there is an error', () => {
    expect(() => loadConfig({ file: '/nowhere.env', environment: {} })).toThrow(/nowhere.env/);
  });
});
