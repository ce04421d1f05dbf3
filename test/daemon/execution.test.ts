import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readProcess } from '../../src/executors/process-stat.ts';
import { runLogKey } from '../../src/runs/storage-keys.ts';
import { openService, type TestService } from '../support/daemon.ts';
import { until } from '../support/until.ts';

describe('a daemon with simulated execution', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await openService('fake');
  });
  afterEach(() => service.close());

  test('executes a queued run to COMPLETE with tasks, logs and outputs', async () => {
    await service.startDaemon();
    const runId = await service.submit({
      tasks: [
        { name: 'align', seconds: 0.1, stdout: 'aligned\n' },
        { name: 'sort', seconds: 0.1 },
      ],
      stdout: 'workflow says hello\n',
      outputs: { 'a.bam': 'BAM', 'b.txt': 'text' },
    });
    const run = await service.reached(runId, 'COMPLETE');
    expect(run).toMatchObject({
      attempt: 1,
      exitCode: 0,
      engineVersion: '1.0',
      executor: 'fake',
      outputs: { 'a.bam': { class: 'File', location: 'wes-output:a.bam' } },
    });
    expect(run.leaseOwner).toBeUndefined();
    expect(run.startedAt).toBeGreaterThanOrEqual(run.createdAt);
    expect(await service.states(runId)).toEqual(['QUEUED', 'INITIALIZING', 'RUNNING', 'COMPLETE']);
    expect(await service.tasks(runId)).toMatchObject([
      { taskId: '1', position: 1, name: 'align', exitCode: 0, endedAt: expect.any(Number) },
      { taskId: '2', position: 2, name: 'sort', exitCode: 0, endedAt: expect.any(Number) },
    ]);
    expect(await service.runLog(runId, 'stdout')).toBe('workflow says hello\n');
    expect(await service.runLog(runId, 'stderr')).toBeUndefined();
    expect(await service.taskLog(runId, '1', 'stdout')).toBe('aligned\n');
    expect(await service.store.listOutputs(runId, { limit: 10 })).toMatchObject([
      { path: 'a.bam', sizeBytes: 3, mediaType: 'application/octet-stream' },
      { path: 'b.txt', sizeBytes: 4, mediaType: 'text/plain' },
    ]);
    expect(await service.output(runId, 'b.txt')).toBe('text');
  });

  test('leaves no work directory behind', async () => {
    await service.startDaemon();
    const runId = await service.submit({});
    await service.reached(runId, 'COMPLETE');
    await until(async () => (await readdir(service.workRoot)).length === 0);
  });

  test('ends a run whose task fails with EXECUTOR_ERROR and its exit code', async () => {
    await service.startDaemon();
    const runId = await service.submit({ tasks: [{ name: 'a', exit_code: 3 }] });
    const run = await service.reached(runId, 'EXECUTOR_ERROR');
    expect(run.exitCode).toBe(3);
    expect(run.outputs).toBeUndefined();
    expect(await service.tasks(runId)).toMatchObject([{ exitCode: 3 }]);
    expect(await service.reason(runId)).toContain('exit code 3');
  });

  test('says why the engine could not be started', async () => {
    await service.startDaemon();
    const runId = await service.submit({ start_fails: true });
    await service.reached(runId, 'SYSTEM_ERROR');
    expect(await service.reason(runId)).toContain('asked for a failing start');
  });

  test('starts a lost run again while it has attempts left', async () => {
    await service.startDaemon();
    const runId = await service.submit({ lose: 1, stdout: 'once' });
    expect(await service.reached(runId, 'COMPLETE')).toMatchObject({ attempt: 2 });
    const attempt = ['QUEUED', 'INITIALIZING', 'RUNNING'];
    expect(await service.states(runId)).toEqual([...attempt, ...attempt, 'COMPLETE']);
    expect(await service.runLog(runId, 'stdout')).toBe('once');
  });

  test('gives a run up that is lost in its last attempt', async () => {
    await service.startDaemon();
    const runId = await service.submit({ lose: true, tasks: [{ name: 'a' }] });
    expect(await service.reached(runId, 'SYSTEM_ERROR')).toMatchObject({ attempt: 2 });
    expect(await service.reason(runId)).toContain('Attempt 2 of 2');
    const tasks = await service.tasks(runId);
    expect(tasks.every((task) => task.endedAt !== undefined)).toBe(true);
  });

  test('executes no more runs at once than it may, and all in the end', async () => {
    await service.startDaemon({ settings: { maxConcurrentRuns: 2 } });
    const runIds = await Promise.all(
      Array.from({ length: 6 }, () => service.submit({ seconds: 0.2 })),
    );
    let most = 0;
    await until(async () => {
      const counts = await service.store.countByState();
      most = Math.max(most, counts.INITIALIZING + counts.RUNNING);
      const states = await Promise.all(runIds.map((id) => service.store.getRunState(id)));
      return states.every((row) => row?.state === 'COMPLETE');
    });
    expect(most).toBe(2);
  });

  test('takes a new run at once when it is woken', async () => {
    const daemon = await service.startDaemon({ settings: { pollIntervalMs: 60_000 } });
    await until(() => service.log.some((line) => line.msg === 'daemon started'));
    const runId = await service.submit({});
    daemon.wake();
    await service.reached(runId, 'COMPLETE', 5000);
  });

  test('leaves runs of other engines in the queue', async () => {
    await service.startDaemon();
    const other = await service.submit('exit 0');
    await service.reached(await service.submit({}), 'COMPLETE');
    expect((await service.run(other)).state).toBe('QUEUED');
  });

  test('logs one line for each move, with the facts and without the parameters', async () => {
    await service.startDaemon();
    const runId = await service.submit({ secret: 'swordfish', seconds: 0.1 });
    await service.reached(runId, 'COMPLETE');
    await until(() => service.log.some((line) => line.to === 'COMPLETE'));
    const moves = service.log.filter((line) => line.level === 30 && line.to !== undefined);
    expect(moves).toMatchObject([
      { msg: 'run claimed', from: 'QUEUED', to: 'INITIALIZING', run_id: runId, engine: 'fake' },
      { msg: 'run started', from: 'INITIALIZING', to: 'RUNNING', run_id: runId, attempt: 1 },
      { msg: 'run completed', from: 'RUNNING', to: 'COMPLETE', executor: 'fake' },
    ]);
    expect(moves[2]).toMatchObject({
      duration_ms: expect.any(Number),
      daemon_id: expect.any(String),
    });
    const withoutJob = service.log.map(({ job_id: _jobId, ...line }) => line);
    expect(JSON.stringify(withoutJob)).not.toContain('swordfish');
  });
});

describe('a daemon with real processes', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await openService('local');
  });
  afterEach(() => service.close());

  test('stages attachments, nested ones too, where the engine works', async () => {
    await service.startDaemon();
    const script = 'cat main.txt data/reads/a.txt; stat -c %a .. > $OUTPUTS/mode.txt';
    const runId = await service.submit(script, {
      'main.txt': 'main ',
      'data/reads/a.txt': 'reads',
    });
    await service.reached(runId, 'COMPLETE');
    expect(await service.runLog(runId, 'stdout')).toBe('main reads');
    expect(await service.output(runId, 'mode.txt')).toBe('700\n');
  });

  test('shows logs and tasks while the run runs', async () => {
    await service.startDaemon();
    const runId = await service.submit(`
      task_started a align; echo early; echo from the task > $TASKS/a/stdout
      while [ ! -e release ]; do sleep 0.05; done
      echo more >> $TASKS/a/stdout; echo late; task_ended a 0`);
    await until(async () => (await service.runLog(runId, 'stdout')) === 'early\n');
    await until(async () => (await service.taskLog(runId, 'a', 'stdout')) === 'from the task\n');
    expect(await service.taskLog(runId, 'a', 'stderr')).toBeUndefined();
    const [task] = await service.tasks(runId);
    expect(task).toMatchObject({ taskId: 'a', name: 'align', startedAt: expect.any(Number) });
    expect(task?.endedAt).toBeUndefined();
    expect((await service.run(runId)).state).toBe('RUNNING');
    await writeFile(join(service.workRoot, runId, '1/execution/release'), '');
    await service.reached(runId, 'COMPLETE');
    expect(await service.runLog(runId, 'stdout')).toBe('early\nlate\n');
    expect(await service.taskLog(runId, 'a', 'stdout')).toBe('from the task\nmore\n');
  });

  test(
    'has thousands of tasks and their logs complete before the end is told',
    { timeout: 70_000 },
    async () => {
      await service.startDaemon();
      const runId = await service.submit(`
      mkdir -p $TASKS/1 $TASKS/2; echo log > $TASKS/1/stdout
      awk -v tasks="$TASKS" 'BEGIN { for (i = 1; i <= 2000; i++) {
        printf "{\\"type\\":\\"started\\",\\"taskId\\":\\"%d\\",\\"at\\":1,\\"name\\":\\"t%d\\",\\"command\\":[],\\"stdoutPath\\":\\"%s/1/stdout\\",\\"notes\\":[]}\\n", i, i, tasks
        printf "{\\"type\\":\\"ended\\",\\"taskId\\":\\"%d\\",\\"at\\":2,\\"exitCode\\":0,\\"notes\\":[]}\\n", i
      } }' >> $EVENTS`);
      await service.reached(runId, 'COMPLETE', 60_000);
      const tasks = await service.tasks(runId);
      expect(tasks).toHaveLength(2000);
      expect(tasks.at(-1)).toMatchObject({ position: 2000, name: 't2000', endedAt: 2 });
      expect(await service.taskLog(runId, '2000', 'stdout')).toBe('log\n');
    },
  );

  test('ends tasks whose end the engine did not tell', async () => {
    await service.startDaemon();
    const runId = await service.submit('task_started a align; exit 4');
    await service.reached(runId, 'EXECUTOR_ERROR');
    const [task] = await service.tasks(runId);
    expect(task?.endedAt).toBeDefined();
    expect(task?.systemLogs.join()).toContain('before the end of this task was told');
  });

  test('copies a large log whole', async () => {
    await service.startDaemon();
    const runId = await service.submit('head -c 5000000 /dev/zero | tr "\\0" x; echo end');
    await service.reached(runId, 'COMPLETE');
    const { sizeBytes } =
      (await service.storage.stat(runLogKey(await service.run(runId), 'stdout'))) ?? {};
    expect(sizeBytes).toBe(5_000_004);
  });

  test('does not store files from outside the run, however they are linked or named', async () => {
    await service.startDaemon();
    const outside = join(service.places.markDirectory, 'secret');
    await writeFile(outside, 'secret');
    const linked = await service.submit(`ln -s ${outside} $OUTPUTS/link.txt`);
    await service.reached(linked, 'SYSTEM_ERROR');
    expect(await service.reason(linked)).toContain("'link.txt'");
    expect(await service.output(linked, 'link.txt')).toBeUndefined();
    const logged = await service.submit(`
      printf '{"type":"started","taskId":"a","at":1,"name":"a","command":[],"stdoutPath":"${outside}","notes":[]}\\n' >> $EVENTS
      mkfifo $TASKS/pipe
      printf '{"type":"started","taskId":"b","at":1,"name":"b","command":[],"stdoutPath":"'$TASKS/pipe'","notes":[]}\\n' >> $EVENTS`);
    await service.reached(logged, 'COMPLETE');
    expect(await service.taskLog(logged, 'a', 'stdout')).toBeUndefined();
    expect(await service.taskLog(logged, 'b', 'stdout')).toBeUndefined();
  });

  test('stores a link that stays inside the run as the file it leads to', async () => {
    await service.startDaemon();
    const runId = await service.submit('echo inside > $TMPDIR/f; ln -s $TMPDIR/f $OUTPUTS/f.vcf');
    await service.reached(runId, 'COMPLETE');
    expect(await service.output(runId, 'f.vcf')).toBe('inside\n');
  });

  test('fails a run whose attachment is not in storage as it was sent', async () => {
    const changed = await service.submit('true', { 'a.txt': 'as sent' });
    await service.storage.put(`runs/${changed}/attachments/a.txt`, Readable.from(['changed']));
    await service.startDaemon();
    await service.reached(changed, 'SYSTEM_ERROR');
    expect(await service.reason(changed)).toContain("'a.txt'");
    await until(() => !existsSync(join(service.workRoot, changed)));
  });

  test('keeps work directories as the setting says', async () => {
    const daemon = await service.startDaemon({ settings: { keepWorkDirectories: 'failed' } });
    const good = await service.submit('true');
    const bad = await service.submit('exit 1');
    await service.reached(good, 'COMPLETE');
    await service.reached(bad, 'EXECUTOR_ERROR');
    await until(() => !existsSync(join(service.workRoot, good)));
    await daemon.stop();
    expect(existsSync(join(service.workRoot, bad, '1/stdout'))).toBe(true);
  });

  test('removes directories that a tool made unwritable', async () => {
    await service.startDaemon();
    const runId = await service.submit('mkdir -p a/b; touch a/b/c; chmod 500 a/b a');
    await service.reached(runId, 'COMPLETE');
    await until(() => !existsSync(join(service.workRoot, runId)));
  });

  test('ends what a finished run left in the background before it tells the end', async () => {
    await service.startDaemon();
    const runId = await service.submit('setsid sleep 600 & echo $! > $OUTPUTS/pid.txt');
    await service.reached(runId, 'COMPLETE');
    const pid = Number(await service.output(runId, 'pid.txt'));
    expect((await readProcess(pid))?.alive ?? false).toBe(false);
  });
});
