import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { interrupt, runCli, type CliOptions } from '../../support/run-cli.ts';
import { startScriptedServer, type ScriptedServer } from '../../support/scripted-server.ts';

const PREFIX = '/ga4gh/wes/v1';
const RUN = `${PREFIX}/runs/r1`;

let server: ScriptedServer;
let directory: string;

beforeEach(async () => {
  server = await startScriptedServer();
  directory = mkdtempSync(join(tmpdir(), 'wes-cli-'));
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

function wes(args: readonly string[], options: CliOptions = {}) {
  const environment = { WES_SERVER: server.url + PREFIX, ...options.environment };
  return runCli(args, { workingDirectory: directory, ...options, environment });
}

function parsed(text: string): unknown {
  return JSON.parse(text);
}

/** Answers of a run that is seen in one state after the other. */
function goesThrough(states: readonly string[]): void {
  let asked = 0;
  server.on(`GET ${RUN}/status`, () => {
    const state = states[Math.min(asked, states.length - 1)];
    asked += 1;
    return { body: { run_id: 'r1', state } };
  });
}

describe('any client command', () => {
  test('without a server says so with exit status 6', async () => {
    const result = await wes(['status', 'r1'], {
      environment: { WES_SERVER: 'http://127.0.0.1:1' },
    });
    expect(result.code).toBe(EXIT.unavailable);
    expect(result.stderr).toMatch(/^wes: .*can't be reached/);
  });

  test('with a wrong password ends with exit status 5, and never shows the password', async () => {
    server.on(`GET ${RUN}/status`, { status: 401, body: { msg: 'Wrong name or password' } });
    const result = await wes(['status', 'r1', '--user', 'ann:s3cret']);
    expect(result).toEqual({
      code: EXIT.unauthorized,
      stdout: '',
      stderr: 'wes: Wrong name or password\n',
    });
  });

  test.each([
    [['--user', 'ann:pw'], {}, 'ann:pw'],
    [['--user', 'ann'], { WES_PASSWORD: 'pw' }, 'ann:pw'],
    [[], { WES_USER: 'bob', WES_PASSWORD: 'x' }, 'bob:x'],
    [[], { WES_USER: 'bob:x' }, 'bob:x'],
  ])('with %j and %j shows itself as %s', async (args, environment, expected) => {
    server.on(`GET ${RUN}/status`, { body: { state: 'QUEUED' } });
    await wes(['status', 'r1', ...args], { environment });
    const sent = server.requests[0]?.headers.authorization ?? '';
    expect(Buffer.from(sent.replace('Basic ', ''), 'base64').toString()).toBe(expected);
  });

  test('takes a token, and one from the environment', async () => {
    server.on(`GET ${RUN}/status`, { body: { state: 'RUNNING' } });
    await wes(['status', 'r1', '--token', 'a']);
    await wes(['status', 'r1'], { environment: { WES_TOKEN: 'b' } });
    const sent = server.requests.map((request) => request.headers.authorization);
    expect(sent).toEqual(['Bearer a', 'Bearer b']);
  });

  test('takes credentials in the address of the server', async () => {
    server.on(`GET ${RUN}/status`, { body: { state: 'QUEUED' } });
    const url = `${server.url.replace('//', '//ann:p%40w@')}${PREFIX}`;
    await wes(['status', 'r1', '--server', url]);
    const expected = `Basic ${Buffer.from('ann:p@w').toString('base64')}`;
    expect(server.requests[0]?.headers.authorization).toBe(expected);
  });

  test.each([
    [['status'], /missing required argument/],
    [['status', 'r1', '--frob'], /unknown option/],
    [['status', 'r1', '--user', 'ann'], /password is missing/],
    [['status', 'r1', '--user', 'a:b', '--token', 'c'], /either --user or --token/],
    [['status', 'r1', '--server', 'http://['], /no address of a server/],
    [['runs', '--limit', '0'], /no whole number above 0/],
    [['runs', '--tag', 'x'], /not of the form key=value/],
    [['runs', '--state', 'SLEEPING'], /"SLEEPING" is none of/],
    [['submit', 'x.cwl', '--outputs-dir', 'o'], /--outputs-dir needs --wait/],
    [['frob'], /unknown command/],
  ])('typed as %j is wrong usage: exit status 2', async (args, message) => {
    const result = await wes(args);
    expect(result.code).toBe(EXIT.usage);
    expect(result.stderr).toMatch(message);
    expect(server.requests).toEqual([]);
  });

  test('shows its help and the version with exit status 0', async () => {
    expect(await wes(['--help'])).toMatchObject({ code: 0, stderr: '' });
    expect((await wes(['submit', '--help'])).stdout).toContain('--inputs');
    expect((await wes(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe('wes info', () => {
  beforeEach(() => {
    server.on(`GET ${PREFIX}/service-info`, {
      body: {
        name: 'My WES',
        workflow_type_versions: { CWL: { workflow_type_version: ['v1.0', 'v1.2'] } },
        workflow_engine_versions: { cwltool: '3.1' },
        supported_wes_versions: ['1.0.1'],
        system_state_counts: { RUNNING: 2, QUEUED: 0 },
      },
    });
  });

  test('shows what a server offers, of version 1.0 as well', async () => {
    const { stdout } = await wes(['info', '--server', server.url]);
    expect(stdout).toContain(`Address       ${server.url}${PREFIX}`);
    expect(stdout).toContain('Workflows     CWL v1.0 v1.2');
    expect(stdout).toContain('Engines       cwltool 3.1');
    expect(stdout).toContain('Runs          2 RUNNING\n');
  });

  test('prints JSON for scripts', async () => {
    const { stdout } = await wes(['info', '--json']);
    expect(parsed(stdout)).toMatchObject({ name: 'My WES', supported_wes_versions: ['1.0.1'] });
  });
});

describe('wes runs', () => {
  beforeEach(() => {
    const run = (id: number) => ({
      run_id: `r${id}`,
      state: id % 2 === 0 ? 'COMPLETE' : 'RUNNING',
      tags: { n: String(id) },
      start_time: '2026-01-01T00:00:00Z',
      end_time: '2026-01-01T00:01:05Z',
    });
    server.on(`GET ${PREFIX}/runs`, ({ path }) => {
      const from = Number(new URL(path, server.url).searchParams.get('page_token') ?? '0');
      const runs = [1, 2, 3].map((offset) => run(from + offset));
      return { body: { runs, next_page_token: from < 6 ? String(from + 3) : '' } };
    });
  });

  test('lists runs, as many as asked for, over the pages of the server', async () => {
    const { stdout } = await wes(['runs', '--limit', '4']);
    expect(stdout.split('\n')).toEqual([
      'RUN  STATE     STARTED               TIME   TAGS',
      'r1   RUNNING   2026-01-01T00:00:00Z  1m05s  n=1',
      'r2   COMPLETE  2026-01-01T00:00:00Z  1m05s  n=2',
      'r3   RUNNING   2026-01-01T00:00:00Z  1m05s  n=3',
      'r4   COMPLETE  2026-01-01T00:00:00Z  1m05s  n=4',
      '',
    ]);
    expect((await wes(['runs', '--all'])).stdout.split('\n')).toHaveLength(11);
  });

  test('filters itself what a server does not filter', async () => {
    const { stdout } = await wes(['runs', '--state', 'complete', '--tag', 'n=6', '--json']);
    expect(parsed(stdout)).toMatchObject([{ run_id: 'r6', state: 'COMPLETE' }]);
    expect(server.requests[0]?.path).toContain('state=COMPLETE');
  });
});

describe('wes status', () => {
  test('shows the states of several runs', async () => {
    server.on(`GET ${RUN}/status`, { body: { run_id: 'r1', state: 'RUNNING' } });
    server.on(`GET ${PREFIX}/runs/r2/status`, { body: { run_id: 'r2', state: 'COMPLETE' } });
    const { stdout } = await wes(['status', 'r1', 'r2', '--json']);
    expect(parsed(stdout)).toEqual([
      { run_id: 'r1', state: 'RUNNING' },
      { run_id: 'r2', state: 'COMPLETE' },
    ]);
    expect((await wes(['status', 'r1'])).stdout).toBe('RUN  STATE\nr1   RUNNING\n');
  });

  test('of a run that is not there ends with exit status 4', async () => {
    server.on(`GET ${RUN}/status`, { status: 404, body: { msg: 'No run r1' } });
    expect(await wes(['status', 'r1'])).toMatchObject({ code: EXIT.notFound });
  });
});

describe('wes log', () => {
  beforeEach(() => {
    goesThrough(['COMPLETE']);
    server.on(`GET ${RUN}`, {
      body: {
        run_id: 'r1',
        state: 'COMPLETE',
        request: {
          workflow_type: 'CWL',
          workflow_type_version: 'v1.2',
          workflow_url: 'm.cwl',
          tags: { a: 'b' },
        },
        run_log: {
          cmd: ['cwltool', 'm.cwl'],
          exit_code: 0,
          stdout: '/out',
          stderr: 'inline text\n',
          system_logs: ['queued'],
        },
        task_logs: [{ name: 't', exit_code: 0, stdout: '/task-out' }],
      },
    });
    server.on('GET /out', { body: 'from stdout\n' });
    server.on('GET /task-out', { body: 'from task\n' });
  });

  test('shows how the run went', async () => {
    const { stdout } = await wes(['log', 'r1']);
    expect(stdout).toContain('Language   CWL v1.2\n');
    expect(stdout).toContain('Command    cwltool m.cwl\n');
    expect(stdout).toContain('Tag        a=b\n');
    expect(stdout).toContain('Log        queued\n');
  });

  test('shows a task of a server that only has them in the log of the run', async () => {
    const { stdout } = await wes(['log', 'r1', '--task', '1']);
    expect(stdout).toContain('Name       t\n');
    expect(parsed((await wes(['log', 'r1', '--task', '1', '--json'])).stdout)).toMatchObject({
      id: '1',
      exit_code: 0,
    });
    expect((await wes(['log', 'r1', '--task', '1', '--stdout'])).stdout).toBe('from task\n');
  });

  test('prints the text behind an address, and text that a server puts in its place', async () => {
    expect(await wes(['log', 'r1', '--stdout'])).toMatchObject({
      stdout: 'from stdout\n',
      stderr: '',
    });
    expect(await wes(['log', 'r1', '--stderr'])).toMatchObject({
      stdout: 'inline text\n',
      stderr: '',
    });
    const both = await wes(['log', 'r1', '--stdout', '--stderr']);
    expect(both).toMatchObject({ stdout: 'from stdout\n', stderr: 'inline text\n' });
  });

  test('prints JSON for scripts', async () => {
    expect(parsed((await wes(['log', 'r1', '--json'])).stdout)).toMatchObject({
      state: 'COMPLETE',
    });
  });

  test('follows a log while it grows, each byte once', async () => {
    goesThrough(['RUNNING', 'RUNNING', 'COMPLETE']);
    const texts = ['', 'one\n', 'one\ntwo\n'];
    let read = 0;
    server.on('GET /out', ({ headers, path }) => {
      // It knows no streams, and so gives the log as it is.
      const isAskedToFollow = path.includes('follow');
      const text = texts[Math.min(read, 2)] ?? '';
      if (!isAskedToFollow) read += 1;
      const start = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? '0');
      if (start > 0 && start >= text.length) return { status: 416, body: '' };
      return { status: start > 0 ? 206 : 200, body: text.slice(start) };
    });
    expect((await wes(['log', 'r1', '--stdout', '--follow'])).stdout).toBe('one\ntwo\n');
    expect(read).toBe(3);
  });

  test('follows a log that a server tells as it grows', async () => {
    goesThrough(['RUNNING']);
    const events = [
      'retry: 1\n\nid: 1-4\nevent: log\ndata: {"offset":0,"text":"one\\n"}\n\n',
      ': still here\n\nid: 1-6\nevent: log\ndata: {"offset":4,"base64":"/wo="}\n\n',
      'id: 2-0\nevent: restarted\ndata: {"attempt":2}\n\n',
      'id: 2-2\nevent: log\ndata: {"offset":0,"text":"2\\n"}\n\nevent: end\ndata: {"size":2}\n\n',
    ];
    const asked: string[] = [];
    server.on('GET /out', ({ headers }) => {
      asked.push(String(headers['last-event-id'] ?? 'from the beginning'));
      // Each connection breaks off after one part.
      return { body: events.shift() ?? '', headers: { 'content-type': 'text/event-stream' } };
    });
    const { stdout } = await wes(['log', 'r1', '--stdout', '--follow']);
    expect(stdout).toBe('one\n\ufffd\n2\n');
    expect(asked).toEqual(['from the beginning', '1-4', '1-6', '2-0']);
  });

  test('follows a log of a server that can not give parts, each byte once', async () => {
    goesThrough(['RUNNING', 'COMPLETE']);
    const texts = ['one\n', 'one\ntwo\n'];
    server.on('GET /out', ({ path }) =>
      path.includes('follow') ? { status: 400 } : { body: texts.shift() ?? '' },
    );
    expect((await wes(['log', 'r1', '--stdout', '--follow'])).stdout).toBe('one\ntwo\n');
  });
});

describe('wes tasks', () => {
  test('lists tasks of all pages with their states', async () => {
    server.on(`GET ${RUN}/tasks`, ({ path }) =>
      path.includes('page_token')
        ? { body: { task_logs: [{ id: 'b', name: 'two', start_time: '2026-01-01T00:00:00Z' }] } }
        : { body: { task_logs: [{ id: 'a', name: 'one', exit_code: 3 }], next_page_token: 'x' } },
    );
    const { stdout } = await wes(['tasks', 'r1']);
    expect(stdout).toMatch(
      /^TASK +NAME +STATE +TIME +EXIT\na +one +failed +3\nb +two +running +\d+h\d\dm\n$/,
    );
    expect(parsed((await wes(['tasks', 'r1', '--json'])).stdout)).toHaveLength(2);
  });
});

describe('wes outputs', () => {
  const content = 'ACGT\n';
  const sha256 = createHash('sha256').update(content).digest('hex');
  const sha1 = createHash('sha1').update(content).digest('hex');

  beforeEach(() => {
    const file = {
      class: 'File',
      location: '/files/x.txt',
      basename: 'x.txt',
      size: 5,
      checksum: `sha1$${sha1}`,
    };
    const outputs = {
      report: file,
      many: [{ class: 'Directory', basename: 'd', listing: [{ ...file, location: '/files/y' }] }],
      count: 3,
      none: null,
    };
    server.on(`GET ${RUN}`, { body: { outputs } });
    server.on('GET /files/x.txt', { body: content });
    server.on('GET /files/y', { body: content });
  });

  test('shows them with their addresses', async () => {
    const { stdout } = await wes(['outputs', 'r1']);
    expect(stdout).toMatch(/report +5 B +\/files\/x\.txt\n/);
    expect(stdout).toMatch(/count +3\n/);
  });

  test('prints the object itself as JSON', async () => {
    const { stdout } = await wes(['outputs', 'r1', '--json']);
    expect(parsed(stdout)).toMatchObject({ count: 3, none: null });
  });

  test('fetches the files that the outputs name, and verifies them', async () => {
    const result = await wes(['outputs', 'r1', '--download', 'out', '--json']);
    expect(parsed(result.stdout)).toEqual([
      { path: join(directory, 'out/x.txt'), size: 5, verified: true },
      { path: join(directory, 'out/d/x.txt'), size: 5, verified: true },
    ]);
    expect(readFileSync(join(directory, 'out/d/x.txt'), 'utf8')).toBe(content);
  });

  test("fetches the files of the server's own list where it has one", async () => {
    const file = (path: string) => ({
      path,
      size: 5,
      checksum: `sha256:${sha256}`,
      url: `${server.url}/files/y`,
    });
    server.on(`GET ${RUN}/outputs`, ({ path }) =>
      path.includes('page_token')
        ? { body: { outputs: [file('b')], next_page_token: '' } }
        : { body: { outputs: [file('a/a')], next_page_token: 'n' } },
    );
    const { stdout, code } = await wes(['outputs', 'r1', '--download', '.']);
    expect(code).toBe(0);
    expect(stdout).toContain('verified');
    expect(readdirSync(directory, { recursive: true }).toSorted()).toEqual(['a', 'a/a', 'b']);
  });

  test.each(['../evil', '/etc/evil', 'a/../../evil', 'a\\b', 'a//b', ''])(
    'refuses %j as a place for a file',
    async (path) => {
      const outputs = [{ path, size: 5, checksum: '', url: '/files/y' }];
      server.on(`GET ${RUN}/outputs`, { body: { outputs } });
      const { code, stderr } = await wes(['outputs', 'r1', '--download', 'out']);
      expect(code).toBe(EXIT.unavailable);
      expect(stderr).toContain('no safe place');
      expect(readdirSync(directory)).toEqual([]);
    },
  );

  test.each([
    [{ size: 6, checksum: '' }, '5 bytes came, 6 were told'],
    [{ size: 5, checksum: `sha256:${'0'.repeat(64)}` }, 'its checksum is not'],
  ])('leaves nothing of a file that came damaged: %j', async (told, message) => {
    server.on(`GET ${RUN}/outputs`, {
      body: { outputs: [{ path: 'x', url: '/files/y', ...told }] },
    });
    const { code, stderr } = await wes(['outputs', 'r1', '--download', 'out']);
    expect(code).toBe(EXIT.unavailable);
    expect(stderr).toContain(message);
    expect(readdirSync(join(directory, 'out'))).toEqual([]);
  });

  test('says where files are that it can not fetch', async () => {
    const outputs = [{ path: 'x', size: 1, checksum: '', url: 's3://bucket/x' }];
    server.on(`GET ${RUN}/outputs`, { body: { outputs } });
    const { code, stderr } = await wes(['outputs', 'r1', '--download', 'out']);
    expect(code).toBe(EXIT.refused);
    expect(stderr).toContain('s3://bucket/x');
  });
});

describe('wes cancel', () => {
  beforeEach(() => server.on(`POST ${RUN}/cancel`, { body: { run_id: 'r1' } }));

  test('asks for the cancel and shows the state', async () => {
    goesThrough(['CANCELING']);
    const { stdout } = await wes(['cancel', 'r1', '--json']);
    expect(parsed(stdout)).toEqual([{ run_id: 'r1', state: 'CANCELING' }]);
  });

  test('waits until the run has ended when told to', async () => {
    goesThrough(['CANCELING', 'CANCELING', 'CANCELED']);
    const result = await wes(['cancel', 'r1', '--wait']);
    expect(result).toMatchObject({ code: 0, stdout: 'RUN  STATE\nr1   CANCELED\n' });
  });

  test('fails when the run could not be stopped', async () => {
    goesThrough(['SYSTEM_ERROR']);
    expect((await wes(['cancel', 'r1', '--wait'])).code).toBe(EXIT.failed);
  });
});

describe('wes watch', () => {
  const tasks = [
    [{ id: '1', name: 'align', start_time: '2026-01-01T00:00:00Z' }],
    [{ id: '1', name: 'align', start_time: '2026-01-01T00:00:00Z', exit_code: 0 }],
  ];
  beforeEach(() => {
    let asked = 0;
    server.on(`GET ${RUN}/tasks`, () => {
      const task_logs = tasks[Math.min(asked, 1)];
      asked += 1;
      return { body: { task_logs } };
    });
    const report = { class: 'File', location: '/x', size: 1 };
    server.on(`GET ${RUN}`, { body: { run_id: 'r1', state: 'COMPLETE', outputs: { report } } });
  });

  test('prints a line for each change, then the outputs', async () => {
    goesThrough(['QUEUED', 'RUNNING', 'RUNNING', 'COMPLETE']);
    const { code, stdout } = await wes(['watch', 'r1']);
    expect(code).toBe(0);
    expect(stdout.replaceAll(/^\d\d:\d\d:\d\d /gm, '').split('\n')).toEqual([
      'task 1 align running',
      'run r1 QUEUED',
      'task 1 align complete (exit code 0)',
      'run r1 RUNNING',
      'run r1 COMPLETE',
      'OUTPUT  SIZE  VALUE',
      'report  1 B   /x',
      '',
    ]);
  });

  test('draws a table anew on a terminal', async () => {
    goesThrough(['RUNNING', 'COMPLETE']);
    const { stdout } = await wes(['watch', 'r1'], { columns: 80 });
    expect(stdout).toContain('Run r1');
    expect(stdout).toContain('\u001b[4A\u001b[J');
    expect(stdout).toContain('1 task: 1 complete');
  });

  test('keeps progress out of the JSON', async () => {
    goesThrough(['RUNNING', 'COMPLETE']);
    const { stdout, stderr } = await wes(['watch', 'r1', '--json']);
    expect(parsed(stdout)).toMatchObject({ run_id: 'r1', state: 'COMPLETE' });
    expect(stderr).toContain('run r1 RUNNING');
  });

  test('shows the failing task with the end of its standard error, and ends with 1', async () => {
    goesThrough(['EXECUTOR_ERROR']);
    const failed = { id: '1', name: 'align', exit_code: 3, stderr: '/err' };
    server.on(`GET ${RUN}/tasks`, { body: { task_logs: [failed] } });
    const run_log = { system_logs: ['task align failed'] };
    server.on(`GET ${RUN}`, { body: { run_id: 'r1', state: 'EXECUTOR_ERROR', run_log } });
    server.on('GET /err', { body: Array.from({ length: 30 }, (_, n) => `line ${n}\n`).join('') });
    const { code, stdout } = await wes(['watch', 'r1']);
    expect(code).toBe(EXIT.failed);
    expect(stdout).toContain('Task 1 (align) ended with exit code 3.');
    expect(stdout).toContain('  task align failed\n');
    expect(stdout).toContain('  line 29\n');
    expect(stdout).not.toContain('line 9\n');
  });

  test('bears with a server that is away for a moment', async () => {
    let asked = 0;
    server.on(`GET ${RUN}/status`, () => {
      asked += 1;
      return asked === 1
        ? { status: 503, body: {} }
        : { body: { run_id: 'r1', state: 'COMPLETE' } };
    });
    const { code, stderr } = await wes(['watch', 'r1']);
    expect(code).toBe(0);
    expect(stderr).toContain('asking again');
  });

  describe('where the server tells of events', () => {
    const EVENTS = `${RUN}/events`;
    const state = (revision: number, from: string | undefined, to: string) => ({
      event: 'state',
      data: { run_id: 'r1', revision, time: '', from, to, actor: 'daemon:d', reason: 'why' },
    });
    const task = (revision: number, more: object = {}) => ({
      event: 'task',
      data: { run_id: 'r1', revision, task: { id: '1', name: 'align', start_time: 'x', ...more } },
    });
    const begun = [state(1, undefined, 'QUEUED'), state(2, 'QUEUED', 'INITIALIZING')];
    const ended = (to: string) => [
      state(5, 'RUNNING', to),
      { event: 'end', data: { run_id: 'r1', state: to } },
    ];

    function tell(events: readonly { event: string; data: object }[]) {
      const lines = events.map(
        ({ event, data }) =>
          `id: r1/${'revision' in data ? String(data.revision) : 'end'}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`,
      );
      const headers = { 'content-type': 'text/event-stream; charset=utf-8' };
      return { headers, body: `retry: 10\n\n${lines.join('')}` };
    }
    const paths = () => server.requests.map(({ path }) => path.replace(PREFIX, ''));

    test('is told, and asks for nothing but the whole run at its end', async () => {
      server.on(
        `GET ${EVENTS}`,
        tell([...begun, task(3), task(4, { exit_code: 0 }), ...ended('COMPLETE')]),
      );
      const { code, stdout } = await wes(['watch', 'r1']);
      expect(code).toBe(0);
      expect(stdout.replaceAll(/^\d\d:\d\d:\d\d /gm, '').split('\n')).toEqual([
        'run r1 QUEUED',
        'run r1 INITIALIZING',
        'task 1 align complete (exit code 0)',
        'run r1 COMPLETE',
        'OUTPUT  SIZE  VALUE',
        'report  1 B   /x',
        '',
      ]);
      expect(paths()).toEqual(['/runs/r1/events', '/runs/r1']);
    });

    test('goes on where it was when the connection breaks', async () => {
      const ids: unknown[] = [];
      server.on(`GET ${EVENTS}`, ({ headers }) => {
        ids.push(headers['last-event-id']);
        if (ids.length === 1) return tell([...begun, task(3)]);
        if (ids.length === 2) return { status: 503, body: {} };
        // One that came before comes again.
        return tell([task(3), task(4, { exit_code: 0 }), ...ended('COMPLETE')]);
      });
      const { code, stdout, stderr } = await wes(['watch', 'r1']);
      expect(code).toBe(0);
      expect(ids).toEqual([undefined, 'r1/3', 'r1/3']);
      expect(stdout).toContain('task 1 align complete');
      expect(stderr).toContain('asking again');
    });

    test('asks again and again where the stream is gone', async () => {
      let asked = 0;
      server.on(`GET ${EVENTS}`, () => ((asked += 1) === 1 ? tell(begun) : { status: 404 }));
      goesThrough(['RUNNING', 'COMPLETE']);
      const { code, stdout } = await wes(['watch', 'r1']);
      expect(code).toBe(0);
      expect(stdout).toContain('run r1 RUNNING');
      expect(paths()).toContain('/runs/r1/status');
    });

    test('shows the standard error of a task that failed, though events do not tell where it is', async () => {
      server.on(
        `GET ${EVENTS}`,
        tell([...begun, task(4, { exit_code: 3 }), ...ended('EXECUTOR_ERROR')]),
      );
      server.on(`GET ${RUN}/tasks/1`, { body: { id: '1', name: 'align', stderr: '/err' } });
      server.on(`GET ${RUN}`, { body: { run_id: 'r1', state: 'EXECUTOR_ERROR', run_log: {} } });
      server.on('GET /err', { body: 'it went wrong\n' });
      const { code, stdout } = await wes(['watch', 'r1']);
      expect(code).toBe(EXIT.failed);
      expect(stdout).toContain('Task 1 (align) ended with exit code 3.');
      expect(stdout).toContain('  it went wrong\n');
    });

    test('forgets the tasks of an attempt that was given up', async () => {
      const again = [state(6, 'RUNNING', 'QUEUED'), state(7, 'QUEUED', 'INITIALIZING')];
      const end = [state(9, 'RUNNING', 'CANCELED'), { event: 'end', data: { run_id: 'r1' } }];
      server.on(`GET ${EVENTS}`, tell([...begun, task(3), ...again, ...end]));
      const { stdout } = await wes(['watch', 'r1'], { columns: 80 });
      const pictures = stdout.split('Run r1');
      expect(pictures.at(-1)).not.toContain('align');
      expect(pictures.some((picture) => picture.includes('align'))).toBe(true);
    });

    test('prints all that happens to runs without one', async () => {
      const controller = new AbortController();
      let asked = 0;
      server.on(`GET ${PREFIX}/runs/events`, () => {
        if ((asked += 1) === 2) interrupt(controller);
        const position = { event: 'position', data: {} };
        return tell([position, ...begun, state(3, 'QUEUED', 'QUEUED'), task(4)]);
      });
      const watched = await wes(['watch'], { signal: controller.signal });
      expect(watched.code).toBe(EXIT.interrupted);
      expect(watched.stdout.replaceAll(/^\d\d:\d\d:\d\d /gm, '').split('\n')).toEqual([
        'run r1 QUEUED: why',
        'run r1 INITIALIZING: why',
        'run r1 why',
        'run r1 task 1 align running',
        '',
      ]);
    });

    test('says that a server does not tell of all runs', async () => {
      const { code, stderr } = await wes(['watch']);
      expect(code).toBe(EXIT.usage);
      expect(stderr).toContain('does not tell of all runs');
    });
  });

  test('ends at once on Ctrl-C with 130, and says that the run goes on', async () => {
    const controller = new AbortController();
    let asked = 0;
    server.on(`GET ${RUN}/status`, () => {
      asked += 1;
      if (asked === 2) interrupt(controller);
      return { body: { run_id: 'r1', state: 'RUNNING' } };
    });
    const { code, stderr } = await wes(['watch', 'r1'], { signal: controller.signal });
    expect(code).toBe(EXIT.interrupted);
    expect(stderr).toContain('wes cancel r1');
  });
});

describe('wes submit', () => {
  beforeEach(() => {
    writeFileSync(join(directory, 'main.cwl'), 'cwlVersion: v1.2\nclass: CommandLineTool\n');
    server.on(`POST ${PREFIX}/runs`, { body: { run_id: 'r1' } });
    server.on(`GET ${RUN}/tasks`, { body: { task_logs: [] } });
  });

  async function submitted(): Promise<FormData> {
    const request = server.requests.find((each) => each.method === 'POST');
    const type = request?.headers['content-type'] ?? '';
    return await new Response(Buffer.from(request?.body ?? ''), {
      headers: { 'content-type': type },
    }).formData();
  }

  test('sends the workflow and prints the id of the run', async () => {
    const args = ['--engine', 'cwltool', '--engine-version', '3', '--tag', 'a=b=c'];
    const more = ['--engine-parameter', 'p=1', '--idempotency-key', 'k'];
    const result = await wes(['submit', 'main.cwl', '--inputs', '{"n": 1}', ...args, ...more]);
    expect(result).toEqual({ code: 0, stdout: 'r1\n', stderr: '' });
    const form = await submitted();
    const { workflow_attachment: attachment, ...fields } = Object.fromEntries(form);
    expect(attachment).toMatchObject({ name: 'main.cwl' });
    expect(fields).toEqual({
      workflow_url: 'main.cwl',
      workflow_type: 'CWL',
      workflow_type_version: 'v1.2',
      workflow_params: '{"n":1}',
      workflow_engine: 'cwltool',
      workflow_engine_version: '3',
      workflow_engine_parameters: '{"p":"1"}',
      tags: '{"a":"b=c"}',
    });
  });

  test('takes the newest version that the server offers where the file tells none', async () => {
    writeFileSync(join(directory, 'main.nf'), 'workflow {}');
    const versions = { NFL: { workflow_type_version: ['24.10.6', '24.9.1'] } };
    server.on(`GET ${PREFIX}/service-info`, { body: { workflow_type_versions: versions } });
    expect(parsed((await wes(['submit', 'main.nf', '--json'])).stdout)).toEqual({ run_id: 'r1' });
    expect((await submitted()).get('workflow_type_version')).toBe('24.10.6');
  });

  test.each([
    [['submit', 'main.nf'], /offers no version of NFL/],
    [['submit', 'notes.txt'], /does not show its language/],
  ])('%j is wrong usage', async (args, message) => {
    writeFileSync(join(directory, 'main.nf'), 'workflow {}');
    writeFileSync(join(directory, 'notes.txt'), 'hello');
    server.on(`GET ${PREFIX}/service-info`, { body: {} });
    const { code, stderr } = await wes(args);
    expect(code).toBe(EXIT.usage);
    expect(stderr).toMatch(message);
  });

  test('shows why the server refused it, with exit status 3', async () => {
    server.on(`POST ${PREFIX}/runs`, { status: 400, body: { msg: 'workflow_type: unknown' } });
    const result = await wes(['submit', 'main.cwl']);
    expect(result).toMatchObject({ code: EXIT.refused, stderr: 'wes: workflow_type: unknown\n' });
  });

  test('waits for the run, fetches its outputs, and ends as the run did', async () => {
    goesThrough(['RUNNING', 'COMPLETE']);
    const report = { class: 'File', location: '/x', basename: 'x' };
    server.on(`GET ${RUN}`, { body: { run_id: 'r1', state: 'COMPLETE', outputs: { report } } });
    server.on('GET /x', { body: 'content' });
    const { code, stdout } = await wes(['submit', 'main.cwl', '--wait', '--outputs-dir', 'out']);
    expect(code).toBe(0);
    expect(stdout).toContain('Submitted as r1\n');
    expect(stdout).toContain(`Wrote ${join(directory, 'out/x')}\n`);
  });

  test('fetches nothing from a run that failed', async () => {
    goesThrough(['EXECUTOR_ERROR']);
    server.on(`GET ${RUN}`, { body: { run_id: 'r1', state: 'EXECUTOR_ERROR' } });
    const { code } = await wes(['submit', 'main.cwl', '--wait', '--outputs-dir', 'out']);
    expect(code).toBe(EXIT.failed);
    expect(readdirSync(directory)).toEqual(['main.cwl']);
  });
});

describe('outputs of other kinds', () => {
  test('addresses below the run are files of workflows that are not CWL', async () => {
    const address = `${server.url}/files/r1/out/result%20one.txt`;
    server.on('GET /files/r1/out/result%20one.txt', { body: 'x' });
    const outputs = { 'w.result': address, 'w.site': 'https://example.org/', 'w.n': 1 };
    server.on(`GET ${RUN}`, { body: { outputs } });
    const { stdout } = await wes(['outputs', 'r1', '--download', 'out', '--json']);
    expect(parsed(stdout)).toEqual([
      { path: join(directory, 'out/result one.txt'), size: 1, verified: false },
    ]);
  });

  test('none at all are said to be none', async () => {
    server.on(`GET ${RUN}`, { body: { outputs: null } });
    expect((await wes(['outputs', 'r1'])).stdout).toBe('The run has no outputs.\n');
  });

  test('secondary files and what a directory lists are shown below it', async () => {
    const file = (name: string) => ({ class: 'File', basename: name });
    const outputs = {
      bam: { ...file('x.bam'), size: 1500, secondaryFiles: [file('x.bam.bai')] },
      all: { class: 'Directory', basename: 'd', listing: [file('a')] },
    };
    server.on(`GET ${RUN}`, { body: { outputs } });
    const { stdout } = await wes(['outputs', 'r1']);
    expect(stdout).toMatch(/bam +1\.5 kB +x\.bam\nbam \+ +x\.bam\.bai\nall +d\nall \+ +a\n/);
  });
});

describe('a run of many tasks on a terminal', () => {
  test('shows as many as fit, failed and running ones before the others', async () => {
    const done = Array.from({ length: 40 }, (_, n) => ({ id: `d${n}`, name: 'x', exit_code: 0 }));
    const failed = { id: 'bad', name: 'x', exit_code: 1 };
    const ended = { id: 'gone', name: 'x', end_time: '2026-01-01T00:00:00Z' };
    const tasks = [failed, ...done, ended, { id: 'next', name: 'x' }];
    server.on(`GET ${RUN}/tasks`, { body: { task_logs: tasks } });
    server.on(`GET ${RUN}`, { body: { run_id: 'r1', state: 'SYSTEM_ERROR' } });
    goesThrough(['SYSTEM_ERROR']);
    const { stdout } = await wes(['watch', 'r1'], { columns: 80 });
    expect(stdout).toContain('43 tasks: 1 failed, 40 complete, 1 ended, 1 waiting');
    expect(stdout).toMatch(/^bad /m);
    expect(stdout).toMatch(/^d39 /m);
    expect(stdout).not.toMatch(/^d1 /m);
  });
});

describe('following the log of a task', () => {
  test('ends with the task, although the run goes on', async () => {
    goesThrough(['RUNNING']);
    const task = { id: 't', name: 't', exit_code: 0, stdout: '/out', stderr: 'said\n' };
    server.on(`GET ${RUN}/tasks/t`, { body: task });
    server.on('GET /out', { body: 'printed\n' });
    const result = await wes(['log', 'r1', '--task', 't', '--follow']);
    expect(result).toEqual({ code: 0, stdout: 'printed\n', stderr: 'said\n' });
  });

  test('waits for a log that is not there yet', async () => {
    goesThrough(['RUNNING', 'COMPLETE']);
    server.on(`GET ${RUN}`, { body: { run_log: { stdout: '/late' } } });
    let asked = 0;
    server.on('GET /late', () => {
      asked += 1;
      return asked === 1 ? { status: 404, body: {} } : { body: 'now\n' };
    });
    expect((await wes(['log', 'r1', '--stdout', '--follow'])).stdout).toBe('now\n');
  });

  test('is an error when the server refuses the log itself', async () => {
    goesThrough(['COMPLETE']);
    server.on(`GET ${RUN}`, { body: { run_log: { stdout: '/secret' } } });
    server.on('GET /secret', { status: 403, body: {} });
    expect((await wes(['log', 'r1', '--stdout'])).code).toBe(EXIT.unauthorized);
  });
});
