import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyPassword } from '../../../src/auth/password.ts';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { openDatabase } from '../../../src/db/open.ts';
import { runCli, type CliOptions } from '../../support/run-cli.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wes-operator-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function wes(args: readonly string[], options: CliOptions = {}) {
  const environment = { DATA_DIR: directory, EXECUTOR: 'fake', ...options.environment };
  return runCli(args, { workingDirectory: directory, ...options, environment });
}

interface Finding {
  readonly name: string;
  readonly status: string;
  readonly detail: string;
  readonly remedy?: string;
}

async function doctor(environment: Readonly<Record<string, string>> = {}) {
  const { code, stdout } = await wes(['doctor', '--json'], { environment });
  const findings = JSON.parse(stdout) as readonly Finding[]; // printed by the command
  return { code, of: (name: string) => findings.find((finding) => finding.name === name) };
}

describe('settings of operator commands', () => {
  test('come from a file, stronger from the command line', async () => {
    writeFileSync(join(directory, 'wes.env'), `DATABASE_URL=sqlite:${directory}/from-file.db\n`);
    await wes(['migrate', '--config', 'wes.env']);
    expect(existsSync(join(directory, 'from-file.db'))).toBe(true);
    const set = ['--set', `DATABASE_URL=sqlite:${directory}/set.db`];
    await wes(['migrate', '--config', 'wes.env', ...set]);
    expect(existsSync(join(directory, 'set.db'))).toBe(true);
  });

  test.each([
    [['migrate', '--set', 'FROB=1'], /--set: FROB is no setting/],
    [['migrate', '--set', 'LOG_LEVEL=loud'], /LOG_LEVEL: must be one of/],
    [['migrate', '--config', 'gone.env'], /gone\.env can't be read/],
    [['serve', '--port', 'http'], /API_PORT: must be a whole number/],
    [['serve', '--host', '192.0.2.1'], /ALLOW_ANONYMOUS_REMOTE/],
    [['serve', '--host', 'wes.example.org'], /ALLOW_ANONYMOUS_REMOTE/],
    [['engines', 'install', 'frob'], /can't be installed by this command/],
  ])('%j is wrong usage', async (args, message) => {
    const { code, stderr } = await wes(args);
    expect(code).toBe(EXIT.usage);
    expect(stderr).toMatch(message);
  });
});

describe('wes migrate', () => {
  test('brings tables up to date, and --status tells before and after', async () => {
    const before = await wes(['migrate', '--status']);
    expect(before.code).toBe(EXIT.failed);
    expect(before.stdout).toContain('to be applied: 0001-runs');
    expect((await wes(['migrate'])).stdout).toContain('applied: 0001-runs');
    expect((await wes(['migrate'])).stdout).toBe('The database is up to date.\n');
    expect(await wes(['migrate', '--status'])).toMatchObject({ code: EXIT.ok });
  });

  test('makes the directory of the database for this user alone', async () => {
    const home = join(directory, 'deep', 'er');
    await wes(['migrate'], { environment: { DATA_DIR: home } });
    expect(statSync(home).mode & 0o077).toBe(0);
  });

  test('says which database it can not reach, without its password', async () => {
    const environment = { DATABASE_URL: 'mysql://wes:s3cret@127.0.0.1:1/wes' };
    const { code, stderr } = await wes(['migrate'], { environment });
    expect(code).toBe(EXIT.unavailable);
    expect(stderr).toContain('127.0.0.1:1');
    expect(stderr).not.toContain('s3cret');
  });
});

describe('wes users', () => {
  beforeEach(() => wes(['migrate']));

  async function hashOf(name: string): Promise<string> {
    const database = await openDatabase(`sqlite:${directory}/wes.db`);
    try {
      return (await database.users.getUser(name))?.passwordHash ?? '';
    } finally {
      await database.close();
    }
  }

  test('adds a user with a password from standard input, kept as argon2id', async () => {
    const result = await wes(['users', 'add', 'ann', '--password-stdin'], {
      stdin: 'correct horse\n',
    });
    expect(result).toMatchObject({ code: 0, stdout: 'User ann was added.\n' });
    const hash = await hashOf('ann');
    expect(hash).toMatch(/^\$argon2id\$/);
    expect(await verifyPassword(hash, 'correct horse')).toBe(true);
  });

  test('prints a generated password, and nothing else, to standard output', async () => {
    const { stdout, stderr } = await wes(['users', 'add', 'ann', '--generate', '--admin']);
    expect(stderr).toBe('User ann was added.\n');
    expect(stdout.trim()).toMatch(/^\S{20,}$/);
    expect(await verifyPassword(await hashOf('ann'), stdout.trim())).toBe(true);
    const { stdout: list } = await wes(['users', 'list', '--json']);
    expect(JSON.parse(list)).toMatchObject([{ name: 'ann', admin: true, disabled: false }]);
  });

  test('changes passwords, states and roles', async () => {
    const first = await wes(['users', 'add', 'ann', '--generate']);
    const second = await wes(['users', 'passwd', 'ann', '--generate']);
    expect(await verifyPassword(await hashOf('ann'), first.stdout.trim())).toBe(false);
    expect(await verifyPassword(await hashOf('ann'), second.stdout.trim())).toBe(true);
    expect((await wes(['users', 'disable', 'ann'])).stdout).toBe('User ann is disabled.\n');
    expect((await wes(['users', 'admin', 'ann'])).stdout).toBe('User ann is an admin.\n');
    expect((await wes(['users', 'list'])).stdout).toMatch(/ann +admin +disabled +\d{4}-/);
    expect((await wes(['users', 'enable', 'ann'])).stdout).toBe('User ann is enabled.\n');
    expect((await wes(['users', 'admin', 'ann', '--revoke'])).stdout).toBe(
      'User ann is no admin.\n',
    );
  });

  test('refuses to add a user twice', async () => {
    await wes(['users', 'add', 'ann', '--generate']);
    const { code, stderr } = await wes(['users', 'add', 'ann', '--generate']);
    expect(code).toBe(EXIT.usage);
    expect(stderr).toContain('wes users passwd ann');
  });

  test.each([
    [['users', 'add', 'a:b', '--generate'], '', /name of a user must not have/],
    [['users', 'add', 'ann', '--password-stdin'], 'short', /password must have at least/],
    [['users', 'add', 'ann'], '', /no terminal to ask on/],
  ])('%j is wrong usage', async (args, stdin, message) => {
    const { code, stderr } = await wes(args, { stdin });
    expect(code).toBe(EXIT.usage);
    expect(stderr).toMatch(message);
  });

  test.each([['disable'], ['passwd']])('%s of nobody ends with exit status 4', async (command) => {
    const { code, stderr } = await wes(['users', command, 'nobody']);
    expect(code).toBe(EXIT.notFound);
    expect(stderr).toContain('no user nobody');
  });

  test('asks for the password twice on a terminal, without showing it', async () => {
    const args = ['users', 'add', 'ann'];
    const same = await wes(args, { typed: ['correct horse\r', 'correct horse\r'] });
    expect(same).toMatchObject({ code: 0, stdout: 'User ann was added.\n' });
    expect(same.stderr).toBe('Password: \nThe same again: \n');
    expect(await verifyPassword(await hashOf('ann'), 'correct horse')).toBe(true);
    const other = await wes(['users', 'passwd', 'ann'], { typed: ['one of them\r', 'another\r'] });
    expect(other).toMatchObject({ code: EXIT.usage });
    const stopped = await wes(['users', 'passwd', 'ann'], { typed: ['\u0003'] });
    expect(stopped).toMatchObject({ code: EXIT.interrupted });
  });
});

describe('wes engines', () => {
  test('lists what this machine has', async () => {
    const { stdout } = await wes(['engines']);
    expect(stdout).toMatch(/ENGINE +VERSION +WORKFLOWS +PROGRAM\nfake +1\.0 +FAKE 1\.0/);
    expect(JSON.parse((await wes(['engines', 'list', '--json'])).stdout)).toMatchObject([
      { engine: 'fake', version: '1.0', workflow_types: { FAKE: ['1.0'] } },
    ]);
  });
});

describe('wes doctor', () => {
  test('finds a new installation whole, but for the daemon that does not run yet', async () => {
    await wes(['migrate']);
    const { code, of } = await doctor();
    expect(code).toBe(EXIT.ok);
    for (const name of ['Configuration', 'Node', 'SQLite', 'Address', 'Database', 'Tables']) {
      expect(of(name), name).toMatchObject({ status: 'ok' });
    }
    for (const name of ['Storage', 'Work', 'Executor', 'Engines']) {
      expect(of(name)?.status, name).not.toBe('broken');
    }
    expect(of('Limits')).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/can be kept; runs are paused with/) as unknown,
    });
    expect(of('Containers')).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/^CONTAINERS=auto: \w+/) as unknown,
    });
    expect(of('Daemons')).toMatchObject({
      status: 'warning',
      remedy: expect.stringContaining('wes daemon') as unknown,
    });
  });

  test('shows findings with their remedies to people', async () => {
    const { code, stdout } = await wes(['doctor']);
    expect(code).toBe(EXIT.failed);
    expect(stdout).toMatch(/broken +Tables +\d+ migrations are missing\n +→ Run `wes migrate`/);
  });

  test('tells daemons that live from silent ones', async () => {
    await wes(['migrate']);
    const database = await openDatabase(`sqlite:${directory}/wes.db`);
    const daemon = (daemonId: string, startedAt: number) => ({
      daemonId,
      host: 'h',
      processId: 1,
      processStart: '1',
      startedAt,
      engines: [],
    });
    try {
      await database.daemons.register(daemon('11111111-1111-4111-8111-111111111111', Date.now()));
      expect((await doctor()).of('Daemons')).toMatchObject({ status: 'ok', detail: '1 running' });
      await database.daemons.register(daemon('22222222-2222-4222-8222-222222222222', 1000));
    } finally {
      await database.close();
    }
    const finding = (await doctor()).of('Daemons');
    expect(finding).toMatchObject({ status: 'warning', detail: '1 running, 1 silent' });
  });

  test('warns of a service into which nobody can log in', async () => {
    await wes(['migrate']);
    const environment = { AUTH_METHOD: 'basic' };
    expect((await doctor(environment)).of('Users')).toMatchObject({ status: 'warning' });
    await wes(['users', 'add', 'ann', '--generate']);
    expect((await doctor(environment)).of('Users')).toMatchObject({ status: 'ok' });
    const configured = { ...environment, BASIC_AUTH_USERS: 'x:y' };
    await wes(['users', 'disable', 'ann']);
    expect((await doctor(configured)).of('Users')).toMatchObject({ status: 'ok' });
  });

  test('names a database that can not be reached, without its password', async () => {
    const { code, of } = await doctor({ DATABASE_URL: 'postgres://wes:s3cret@127.0.0.1:1/wes' });
    expect(code).toBe(EXIT.failed);
    expect(of('Database')).toMatchObject({ status: 'broken' });
    expect(JSON.stringify(of('Database'))).not.toContain('s3cret');
  });

  test('finds directories that can not be written to', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const { code, of } = await doctor({ WORK_DIR: file, LOCAL_STORAGE_PATH: join(file, 'x') });
    expect(code).toBe(EXIT.failed);
    expect(of('Work')).toMatchObject({
      status: 'broken',
      remedy: expect.stringContaining('WORK_DIR') as unknown,
    });
    expect(of('Storage')).toMatchObject({ status: 'broken' });
  });

  test('finds an address that is open to everyone', async () => {
    expect((await doctor({ API_HOST: '0.0.0.0' })).of('Address')).toMatchObject({
      status: 'broken',
    });
    const allowed = { API_HOST: '0.0.0.0', ALLOW_ANONYMOUS_REMOTE: 'true' };
    expect((await doctor(allowed)).of('Address')).toMatchObject({ status: 'ok' });
  });

  test('finds a configuration that can not be used', async () => {
    const { code, of } = await doctor({ LOG_LEVEL: 'loud' });
    expect(code).toBe(EXIT.failed);
    expect(of('Configuration')?.detail).toContain('LOG_LEVEL');
  });
});
