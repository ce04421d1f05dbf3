import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFtpProtocol } from '../../../src/staging/ftp/ftp-protocol.ts';
import { FetchError } from '../../../src/staging/protocol.ts';
import { createFetching, type Fetching } from '../../support/fetching.ts';
import {
  missingFtp,
  startFtpServer,
  type FtpServer,
  type FtpServerOptions,
} from '../../support/ftp-server.ts';
import { describeWith } from '../../support/suite.ts';

const CONTENT = Buffer.from('acgt'.repeat(100_000));
const LONG_AGO = new Date('2020-01-02T03:04:05Z');

let directory: string;
let server: FtpServer | undefined;
let fetching: Fetching;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'test-ftp-'));
  mkdirSync(join(directory, 'a b'));
  writeFileSync(join(directory, 'a b', 'reads 50%.fq'), CONTENT);
  writeFileSync(join(directory, 'reads.fq'), CONTENT);
  writeFileSync(join(directory, 'empty'), '');
  for (const name of ['a b/reads 50%.fq', 'reads.fq'])
    utimesSync(join(directory, name), LONG_AGO, LONG_AGO);
  fetching = createFetching([]);
});
afterEach(async () => {
  fetching.close();
  await server?.close();
  server = undefined;
  rmSync(directory, { recursive: true });
});

/** The server is on loopback, which the guard would refuse: what it does is tested below. */
const protocol = createFtpProtocol({
  resolveHost: async () => '127.0.0.1',
  now: Date.now,
  silenceMs: 5000,
});

async function start(
  options: Partial<FtpServerOptions> = {},
): Promise<(path: string, who?: string) => string> {
  const started = await startFtpServer({ directory, ...options });
  server = started;
  return (path, who = '') => `ftp://${who}ftp.example.org:${started.port}${path}`;
}

const commands = (name: string) =>
  server?.commands.filter((command) => command.startsWith(name)) ?? [];

describeWith('A file of an FTP server', missingFtp, () => {
  test('comes whole, with its size and time as its version', async () => {
    const at = await start();
    const fetched = await fetching.fetch(protocol.open, at('/reads.fq'));
    expect(fetched.content.equals(CONTENT)).toBe(true);
    expect(fetched.version).toBe('400000 2020-01-02T03:04:05.000Z');
    expect(commands('USER')).toEqual(['USER anonymous']);
  });

  test('has a percent-encoded name', async () => {
    const at = await start();
    const { content } = await fetching.fetch(protocol.open, at('/a%20b/reads%2050%25.fq'));
    expect(content.equals(CONTENT)).toBe(true);
  });

  test('that is empty comes', async () => {
    const at = await start();
    expect(await fetching.fetch(protocol.open, at('/empty'))).toMatchObject({ sizeBytes: 0 });
  });

  test('that changed lately has no version, for it may change again within the second', async () => {
    const at = await start();
    expect((await fetching.fetch(protocol.open, at('/empty'))).version).toBeUndefined();
  });

  test('goes on where the connection broke', async () => {
    // More than is on its way at once: that is lost.
    const large = Buffer.concat(
      Array.from({ length: 80 }, (_, index) => Buffer.from([index, ...CONTENT])),
    );
    writeFileSync(join(directory, 'large'), large);
    utimesSync(join(directory, 'large'), LONG_AGO, LONG_AGO);
    const at = await start({ breakAfter: 28_000_000, breaks: 2 });
    const { content } = await fetching.fetch(protocol.open, at('/large'));
    expect(content.equals(large)).toBe(true);
    expect(commands('REST').length).toBeGreaterThan(0);
  });

  test('begins anew where the server tells no time', async () => {
    const at = await start({ breakAfter: 200_000, breaks: 1, without: ['MDTM', 'SIZE'] });
    const { content } = await fetching.fetch(protocol.open, at('/reads.fq'));
    expect(content.equals(CONTENT)).toBe(true);
    expect(commands('REST')).toEqual([]);
    expect(commands('RETR')).toHaveLength(2);
  });

  test('comes over a data connection of the old kind', async () => {
    const at = await start({ without: ['EPSV'] });
    expect((await fetching.fetch(protocol.open, at('/reads.fq'))).sizeBytes).toBe(CONTENT.length);
    expect(commands('PASV').length).toBeGreaterThan(0);
  });

  test('is not fetched from another host that the server names', async () => {
    const at = await start({ without: ['EPSV'], dataHost: '192.0.2.1' });
    const error = await fetching.failure(protocol.open, at('/reads.fq'));
    expect(error.message).toBe(
      'the server wants to send it from another host, which is not allowed',
    );
    expect(error.isPassing).toBe(false);
  });

  test('that is missing is asked for once', async () => {
    const at = await start();
    const error = await fetching.failure(protocol.open, at('/nothing'));
    expect(error.message).toBe('there is no such file, or it may not be read');
    expect(commands('RETR')).toHaveLength(1);
  });

  test('needs the password of the address, which no message has', async () => {
    const at = await start({ anonymous: false, user: 'al ice', password: 'p:w@d/' });
    const { content } = await fetching.fetch(
      protocol.open,
      at('/reads.fq', 'al%20ice:p%3Aw%40d%2F@'),
    );
    expect(content.equals(CONTENT)).toBe(true);
    const nobody = await fetching.failure(protocol.open, at('/reads.fq'));
    expect(nobody.message).toContain('ftp://user:password@host/');
    const wrong = await fetching.failure(protocol.open, at('/reads.fq', 'al%20ice:wr0ng@'));
    expect(wrong.message).toBe('the server refused the user or the password');
    expect(JSON.stringify([wrong, String(wrong.cause), wrong.stack])).not.toContain('wr0ng');
  });
});

describe('An address of FTP', () => {
  test.each([
    ['ftp://ftp.example.org/', 'it names a directory'],
    ['ftp://ftp.example.org/dir/', 'it names a directory'],
    ['ftp://ftp.example.org/a%0d%0aDELE%20b', 'it has control characters'],
    ['ftp://ftp.example.org/a%zz', 'begins no character'],
    ['ftp://', 'it is no valid address'],
  ])('%s is refused', async (address, words) => {
    const error = await fetching.failure(protocol.open, address);
    expect(error.message).toContain(words);
    expect(error.isPassing).toBe(false);
  });

  test('of a private host is refused', async () => {
    const guarded = createFtpProtocol({ resolveHost: fetching.guard.resolveHost, now: Date.now });
    for (const host of ['127.0.0.1', '[::1]', '10.1.2.3', 'localhost']) {
      const error = await fetching.failure(guarded.open, `ftp://${host}/reads.fq`);
      expect(error.message).toContain('is a private or special address');
      expect(error.isPassing).toBe(false);
    }
  });

  test('where nobody listens is tried again', async () => {
    const error = await fetching.failure(protocol.open, 'ftp://ftp.example.org:1/reads.fq');
    expect(error).toBeInstanceOf(FetchError);
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.isPassing).toBe(true);
  });
});
