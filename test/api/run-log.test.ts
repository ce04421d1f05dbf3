import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { v7 as newId } from 'uuid';
import type { RunChanges } from '../../src/runs/run-store.ts';
import type { NewRun, Task } from '../../src/runs/run.ts';
import { outputKey } from '../../src/runs/storage-keys.ts';
import type { StoredState } from '../../src/runs/state.ts';
import { encodePageToken } from '../../src/runs/page-token.ts';
import { createTestApi, PREFIX, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeEach(async () => {
  api = await createTestApi({ settings: { publicUrl: 'https://wes.example.org/' } });
});
afterEach(() => api.close());

const BASE = `https://wes.example.org${PREFIX}`;
const START = Date.parse('2026-01-01T00:00:00.900Z');

/** A run under the lease of a daemon that the test plays. */
async function startedRun(run: Partial<NewRun> = {}) {
  const runId = await api.addRun({ createdAt: START, ...run });
  const daemonId = newId();
  await api.store.claimRun({
    daemonId,
    executor: 'local',
    at: START,
    engines: [{ engine: run.engine ?? 'fake', versions: ['1.0'] }],
  });
  const lease = { daemonId, attempt: 1, runId };
  const move = (to: StoredState, at: number, reason: string, changes: RunChanges = {}) =>
    api.store.moveRun({ ...lease, to, at, reason, changes });
  const save = (tasks: readonly Task[]) => api.store.saveTasks(lease, tasks);
  return { runId, move, save };
}

function task(position: number, more: Partial<Task> = {}): Task {
  return {
    taskId: `t${position}`,
    position,
    name: `step ${position}`,
    command: ['echo', String(position)],
    systemLogs: [],
    ...more,
  };
}

describe('the log of a run', () => {
  it('that waits has addresses for its texts and empty outputs, and nothing that is not known yet', async () => {
    const runId = await api.addRun({ createdAt: START });
    expect((await api.get(`/runs/${runId}`)).body).toEqual({
      run_id: runId,
      request: {
        workflow_params: {},
        workflow_type: 'FAKE',
        workflow_type_version: '1.0',
        workflow_url: 'main.fake',
      },
      state: 'QUEUED',
      run_log: {
        name: 'main.fake',
        stdout: `${BASE}/runs/${runId}/logs/stdout`,
        stderr: `${BASE}/runs/${runId}/logs/stderr`,
        system_logs: [
          'engine fake',
          expect.stringMatching(/^2026-01-01T00:00:00Z QUEUED: /),
          expect.stringMatching(/^position in the queue: \d+$/),
        ],
      },
      task_logs_url: `${BASE}/runs/${runId}/tasks`,
      task_logs: [],
      outputs: {},
    });
  });

  it('that is complete tells command, times, exit code, engine and history', async () => {
    const { runId, move, save } = await startedRun();
    await move('RUNNING', START + 1000, 'the engine was started', {
      command: ['cwltool', 'main.cwl'],
      engineVersion: '1.0',
    });
    await save([task(1, { startedAt: START + 1000, endedAt: START + 3000, exitCode: 0 })]);
    await move('COMPLETE', START + 5000, 'all outputs are stored', {
      exitCode: 0,
      outputs: { n: 1 },
    });
    const { body } = await api.get(`/runs/${runId}`);
    expect(body).toMatchObject({
      state: 'COMPLETE',
      run_log: {
        cmd: ['cwltool', 'main.cwl'],
        start_time: '2026-01-01T00:00:01Z',
        end_time: '2026-01-01T00:00:05Z',
        exit_code: 0,
      },
      task_logs: [
        {
          id: 't1',
          name: 'step 1',
          cmd: ['echo', '1'],
          start_time: '2026-01-01T00:00:01Z',
          end_time: '2026-01-01T00:00:03Z',
          stdout: `${BASE}/runs/${runId}/tasks/t1/logs/stdout`,
          stderr: `${BASE}/runs/${runId}/tasks/t1/logs/stderr`,
          exit_code: 0,
          system_logs: [],
        },
      ],
      outputs: { n: 1 },
    });
    const lines: readonly string[] = body.run_log.system_logs;
    expect(lines[0]).toBe('engine fake 1.0, executor local');
    expect(lines.slice(1).map((line) => line.slice(0, 60))).toEqual([
      expect.stringContaining('QUEUED'),
      expect.stringContaining('QUEUED → INITIALIZING'),
      expect.stringContaining('INITIALIZING → RUNNING'),
      expect.stringContaining('RUNNING → COMPLETE'),
    ]);
    expect(lines.at(-1)).toContain('all outputs are stored');
  });

  it('that failed says why, and has no outputs', async () => {
    const { runId, move } = await startedRun();
    await move('RUNNING', START, 'started');
    await move('EXECUTOR_ERROR', START, 'task align failed with exit code 3', {
      exitCode: 1,
      outputs: { partial: 'wes-output:x' },
    });
    const { body } = await api.get(`/runs/${runId}`);
    expect(body).toMatchObject({ state: 'EXECUTOR_ERROR', outputs: {}, run_log: { exit_code: 1 } });
    expect(body.run_log.system_logs.at(-1)).toContain('task align failed with exit code 3');
  });

  it('has the first hundred tasks; all of them are in their list', async () => {
    const { runId, move, save } = await startedRun();
    await move('RUNNING', START, 'started');
    await save(Array.from({ length: 105 }, (_, index) => task(index + 1)));
    const { body } = await api.get(`/runs/${runId}`);
    expect(body.task_logs).toHaveLength(100);
    expect(body.task_logs[99].id).toBe('t100');
  });

  it.each([
    ['https://example.org/flows/align.cwl?raw=1#main', 'align.cwl#main'],
    ['dir/sub/main.cwl', 'main.cwl'],
    ['https://example.org/', 'example.org'],
    ['#main', '#main'],
  ])('of the workflow %s is called %s', async (workflowUrl, name) => {
    const request = { workflowType: 'FAKE', workflowTypeVersion: '1.0', workflowUrl };
    const runId = await api.addRun({ request });
    expect((await api.get(`/runs/${runId}`)).body.run_log.name).toBe(name);
  });

  it('gives back parameters exactly as they were sent', async () => {
    const workflowParams = { a: [1.5, null, true, { ü: '\u2028"\\' }], constructor: { x: 1 } };
    const runId = await api.addRun({
      request: {
        workflowType: 'FAKE',
        workflowTypeVersion: '1.0',
        workflowUrl: 'a',
        workflowParams,
      },
    });
    expect((await api.get(`/runs/${runId}`)).body.request.workflow_params).toEqual(workflowParams);
  });
});

describe('the outputs of a run', () => {
  const outputs = {
    file: { class: 'File', location: 'wes-output:a dir/r?1#.txt', size: 3 },
    list: [['wes-output:b'], 'plain', 5, null, true],
  };
  const outputFiles = ['a dir/r?1#.txt', 'b', 'a dir/x'].map((path) => ({
    path,
    sizeBytes: 3,
    sha256: 'ab'.repeat(32),
    mediaType: 'text/plain',
  }));

  async function completeRun(): Promise<string> {
    const { runId, move } = await startedRun();
    await move('RUNNING', START, 'started');
    await move('COMPLETE', START, 'done', { outputs, outputFiles });
    return runId;
  }

  it('have addresses of this API in place of stored files', async () => {
    const runId = await completeRun();
    expect((await api.get(`/runs/${runId}`)).body.outputs).toEqual({
      file: {
        class: 'File',
        location: `${BASE}/runs/${runId}/outputs/a%20dir/r%3F1%23.txt`,
        size: 3,
      },
      list: [[`${BASE}/runs/${runId}/outputs/b`], 'plain', 5, null, true],
    });
  });

  it('can be listed, page by page and below a prefix', async () => {
    const runId = await completeRun();
    const first = await api.get(`/runs/${runId}/outputs?page_size=2`);
    expect(first.body.outputs).toEqual([
      {
        path: 'a dir/r?1#.txt',
        size: 3,
        checksum: `sha256:${'ab'.repeat(32)}`,
        media_type: 'text/plain',
        url: `${BASE}/runs/${runId}/outputs/a%20dir/r%3F1%23.txt`,
      },
      expect.objectContaining({ path: 'a dir/x' }),
    ]);
    const token = first.body.next_page_token;
    const second = await api.get(`/runs/${runId}/outputs?page_size=2&page_token=${token}`);
    expect(second.body).toMatchObject({ outputs: [{ path: 'b' }], next_page_token: '' });
    const below = await api.get(`/runs/${runId}/outputs?prefix=a%20dir/x`);
    expect(below.body.outputs).toHaveLength(1);
    expect((await api.get(`/runs/${runId}/outputs?prefix=b&page_token=${token}`)).status).toBe(400);
    expect((await api.get(`/runs/${runId}/outputs?prefix=%00`)).status).toBe(400);
  });

  it('can have the addresses of the storage instead', async () => {
    await api.close();
    api = await createTestApi({ settings: { outputLocations: 'storage' } });
    const runId = await completeRun();
    const expected = api.storage.url(outputKey({ runId, attempt: 1 }, 'b'));
    expect((await api.get(`/runs/${runId}`)).body.outputs.list[0]).toEqual([expected]);
    expect((await api.get(`/runs/${runId}/outputs`)).body.outputs[2].url).toBe(expected);
  });
});

describe('the tasks of a run', () => {
  async function runWithTasks(count: number): Promise<string> {
    const { runId, move, save } = await startedRun();
    await move('RUNNING', START, 'started');
    await save(Array.from({ length: count }, (_, index) => task(index + 1)));
    return runId;
  }

  it('are listed page by page in the order in which they appeared', async () => {
    const runId = await runWithTasks(12);
    const seen: string[] = [];
    let token = '';
    do {
      const { body } = await api.get(`/runs/${runId}/tasks?page_size=5&page_token=${token}`);
      expect(body.task_logs.length).toBeLessThanOrEqual(5);
      seen.push(...body.task_logs.map(({ id }: { id: string }) => id));
      token = body.next_page_token;
    } while (token !== '');
    expect(seen).toEqual(Array.from({ length: 12 }, (_, index) => `t${index + 1}`));
  });

  it('have a page token of their own', async () => {
    const runId = await runWithTasks(6);
    const other = await runWithTasks(6);
    const { next_page_token: token } = (await api.get(`/runs/${runId}/tasks?page_size=2`)).body;
    expect((await api.get(`/runs/${other}/tasks?page_token=${token}`)).status).toBe(400);
    const far = encodePageToken({ list: 'tasks', filter: runId }, { after: '9007199254740991' });
    expect((await api.get(`/runs/${runId}/tasks?page_token=${far}`)).status).toBe(400);
    expect((await api.get(`/runs/${runId}/tasks?page_size=0`)).status).toBe(400);
  });

  it('can be asked for one by one', async () => {
    const { runId, move, save } = await startedRun();
    await move('RUNNING', START, 'started');
    await save([task(1, { taskId: 'align_2.1', startedAt: START, systemLogs: ['cores 4'] })]);
    expect((await api.get(`/runs/${runId}/tasks/align_2.1`)).body).toEqual({
      id: 'align_2.1',
      name: 'step 1',
      cmd: ['echo', '1'],
      start_time: '2026-01-01T00:00:00Z',
      stdout: `${BASE}/runs/${runId}/tasks/align_2.1/logs/stdout`,
      stderr: `${BASE}/runs/${runId}/tasks/align_2.1/logs/stderr`,
      system_logs: ['cores 4'],
    });
    expect((await api.get(`/runs/${runId}/tasks/align%5F2.1`)).status).toBe(200);
  });

  it.each(['none', '%00', '%20', 'x'.repeat(300), '..%2F..'])(
    '%s is not one of them',
    async (id) => {
      const runId = await runWithTasks(1);
      const response = await api.get(`/runs/${runId}/tasks/${id}`);
      expect(response).toMatchObject({ status: 404, body: { status_code: 404 } });
    },
  );
});
