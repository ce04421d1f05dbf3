import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readHost } from '../../src/executors/host.ts';
import { createLocalExecutor } from '../../src/executors/local/local-executor.ts';
import { decodeJobId, encodeJobId } from '../../src/executors/local/local-job.ts';
import { isRunning, readProcess } from '../../src/executors/process-stat.ts';
import type { NewDaemon } from '../../src/runs/daemon-registry.ts';
import { taskLogKey } from '../../src/runs/storage-keys.ts';
import { killed, openService, type TestService } from '../support/daemon.ts';
import { until } from '../support/until.ts';

/** Ends when somebody makes the file `release` beside it. */
const UNTIL_RELEASED = 'while [ ! -e release ]; do sleep 0.05; done';

describe('a daemon process that dies', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await openService('local');
  });
  afterEach(() => service.close());

  const release = (runId: string): Promise<void> =>
    writeFile(join(service.workRoot, runId, '1/execution/release'), '');

  async function jobOf(runId: string) {
    return decodeJobId((await service.run(runId)).jobId ?? '');
  }

  test('in the middle of a run: the next one goes on with it, and nothing is missing', async () => {
    const first = await service.spawnDaemon();
    const runId = await service.submit(`
      task_started a align; echo one; echo one > $TASKS/a/stdout; task_ended a 0
      task_started b sort; echo two > $TASKS/b/stdout
      ${UNTIL_RELEASED}
      echo two more >> $TASKS/b/stdout; echo two; task_ended b 0
      task_started c call; task_ended c 0; echo result > $OUTPUTS/r.txt`);
    await until(async () => (await service.taskLog(runId, 'b', 'stdout')) === 'two\n');
    await until(async () => (await service.tasks(runId)).length === 2);
    const { pid, start } = await jobOf(runId);
    await killed(first);
    expect(await isRunning(pid, start)).toBe(true);

    await service.spawnDaemon();
    await until(async () => (await service.store.listEvents(runId)).length === 4);
    await release(runId);
    const run = await service.reached(runId, 'COMPLETE');
    expect(run.attempt).toBe(1);
    expect(await service.runLog(runId, 'stdout')).toBe('one\ntwo\n');
    expect(await service.taskLog(runId, 'a', 'stdout')).toBe('one\n');
    expect(await service.taskLog(runId, 'b', 'stdout')).toBe('two\ntwo more\n');
    expect(await service.output(runId, 'r.txt')).toBe('result\n');
    expect(await service.tasks(runId)).toMatchObject([
      { taskId: 'a', position: 1, exitCode: 0 },
      { taskId: 'b', position: 2, exitCode: 0 },
      { taskId: 'c', position: 3, exitCode: 0 },
    ]);
  });

  test('in the middle of a run: what it stored with its end is left alone by the next one', async () => {
    const first = await service.spawnDaemon();
    const runId = await service.submit(`
      task_started a align; echo one > $TASKS/a/stdout; task_ended a 0
      task_started b sort; echo two > $TASKS/b/stdout
      ${UNTIL_RELEASED}
      task_ended b 0`);
    await until(async () => (await service.taskLog(runId, 'b', 'stdout')) === 'two\n');
    await until(async () => (await service.tasks(runId))[0]?.exitCode === 0);
    await killed(first);
    const run = { runId, attempt: 1 };
    for (const task of ['a', 'b']) await service.storage.delete(taskLogKey(run, task, 'stdout'));

    await service.spawnDaemon();
    await until(async () => (await service.taskLog(runId, 'b', 'stdout')) === 'two\n');
    await release(runId);
    await service.reached(runId, 'COMPLETE');
    expect(await service.taskLog(runId, 'a', 'stdout')).toBeUndefined();
    expect(await service.tasks(runId)).toMatchObject([
      { taskId: 'a', position: 1, exitCode: 0 },
      { taskId: 'b', position: 2, exitCode: 0 },
    ]);
  });

  test('before its run ended: the next one finds the end', async () => {
    const first = await service.spawnDaemon();
    const runId = await service.submit(`echo begun; ${UNTIL_RELEASED}; echo ended; exit 3`);
    await service.reached(runId, 'RUNNING');
    const job = await jobOf(runId);
    await killed(first);
    await release(runId);
    await until(async () => !(await isRunning(job.pid, job.start)));
    await service.spawnDaemon();
    const run = await service.reached(runId, 'EXECUTOR_ERROR');
    expect(run).toMatchObject({ attempt: 1, exitCode: 3 });
    expect(await service.runLog(runId, 'stdout')).toBe('begun\nended\n');
  });

  test('no task stays open of a run that is given back because its engine died', async () => {
    // One that waits for its runs takes none again.
    const daemon = await service.startDaemon({ settings: { drain: 'wait' } });
    const runId = await service.submit('task_started a align; sleep 600');
    await until(async () => (await service.tasks(runId)).length === 1);
    const stopped = daemon.stop();
    process.kill(-(await jobOf(runId)).pid, 'SIGKILL');
    await stopped;
    expect((await service.run(runId)).state).toBe('QUEUED');
    expect(await service.tasks(runId)).toMatchObject([{ endedAt: expect.any(Number) }]);
  });

  test('together with its engine: the run is started again', async () => {
    const first = await service.spawnDaemon();
    const runId = await service.submit(`
      if [ -e ../../first ]; then echo second; else touch ../../first; echo first; sleep 600; fi`);
    await service.reached(runId, 'RUNNING');
    await until(() => existsSync(join(service.workRoot, runId, 'first')));
    const { pid } = await jobOf(runId);
    await killed(first);
    process.kill(-pid, 'SIGKILL');
    await service.spawnDaemon();
    const run = await service.reached(runId, 'COMPLETE');
    expect(run.attempt).toBe(2);
    expect(await service.runLog(runId, 'stdout')).toBe('second\n');
  });

  test('while its run is being cancelled: the next one carries the cancel out', async () => {
    const first = await service.spawnDaemon();
    const runId = await service.submit(`trap '' TERM; while :; do sleep 0.1; done`);
    await service.reached(runId, 'RUNNING');
    const { pid, start } = await jobOf(runId);
    await killed(first);
    expect(await service.cancel(runId)).toBe('CANCELING');
    await service.spawnDaemon();
    await service.reached(runId, 'CANCELED');
    expect(await isRunning(pid, start)).toBe(false);
  });

  test('is not what a daemon is that took its lease while another one looked around', async () => {
    await service.startDaemon();
    const runId = await service.submit(`echo begun; ${UNTIL_RELEASED}`);
    const { leaseOwner: daemonId = '' } = await service.reached(runId, 'RUNNING');
    const { registry } = service.daemonDeps();
    const newcomer: NewDaemon = {
      daemonId: crypto.randomUUID(),
      host: (await readHost()).identity,
      processId: process.pid,
      processStart: (await readProcess(process.pid))?.start ?? '',
      startedAt: Date.now(),
      engines: [],
    };
    let looks = 0;
    const list = async () => {
      const records = await registry.list();
      looks += 1;
      if (looks > 1) return records;
      await registry.register(newcomer);
      const from = { daemonId, attempt: 1 };
      await service.store.takeOver(runId, from, newcomer.daemonId, Date.now());
      return records;
    };
    await service.startDaemon({ registry: { ...registry, list } });
    await until(() => looks > 2);
    expect((await service.run(runId)).leaseOwner).toBe(newcomer.daemonId);
    await release(runId);
  });

  test('and hands over on SIGTERM: the engine runs on, the next daemon takes it at once', async () => {
    const first = await service.spawnDaemon({ leaseSeconds: 600 });
    const runId = await service.submit(`echo begun; ${UNTIL_RELEASED}; echo ended`);
    await service.reached(runId, 'RUNNING');
    first.kill('SIGTERM');
    await until(() => first.exitCode !== null);
    expect(first.exitCode).toBe(0);
    expect(await service.registry.list()).toEqual([]);
    expect((await service.run(runId)).state).toBe('RUNNING');
    await service.spawnDaemon({ leaseSeconds: 600 });
    await release(runId);
    expect(await service.reached(runId, 'COMPLETE')).toMatchObject({ attempt: 1 });
    expect(await service.runLog(runId, 'stdout')).toBe('begun\nended\n');
  });
});

describe('the lease of a daemon', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await openService('local');
  });
  afterEach(() => service.close());

  /** A record as of a daemon that nobody can look at. */
  async function elsewhere(host = 'elsewhere another-boot 1'): Promise<NewDaemon> {
    const daemon: NewDaemon = {
      daemonId: crypto.randomUUID(),
      host,
      processId: process.pid,
      processStart: (await readProcess(process.pid))?.start ?? '',
      startedAt: Date.now(),
      engines: [],
    };
    await service.registry.register(daemon);
    return daemon;
  }

  /** The run becomes RUNNING with a job on the host of that daemon. */
  async function startElsewhere({ daemonId, host }: NewDaemon, runId: string): Promise<void> {
    const runRoot = join(service.workRoot, runId, '1');
    const jobId = encodeJobId({
      host,
      pid: 2,
      start: '1',
      directory: join(runRoot, 'job'),
      runRoot,
      runId,
      attempt: 1,
      stopSignal: 'SIGTERM',
    });
    const lease = { runId, daemonId, attempt: 1 };
    const move = { to: 'RUNNING', at: 2, reason: 'started', changes: { jobId } } as const;
    await service.store.moveRun({ ...lease, ...move });
  }

  async function claimAs(daemonId: string): Promise<string> {
    const engines = [{ engine: 'shell', versions: ['1.0'] }];
    const run = await service.store.claimRun({ daemonId, executor: 'local', at: 1, engines });
    return run?.runId ?? '';
  }

  test('stands as long as its beat goes on', async () => {
    const daemon = await elsewhere();
    const runId = await service.submit('true');
    expect(await claimAs(daemon.daemonId)).toBe(runId);
    await service.startDaemon({ settings: { leaseSeconds: 0.6, heartbeatSeconds: 0.1 } });
    const begin = performance.now();
    await until(async () => {
      await service.registry.beat(daemon.daemonId, Date.now());
      return performance.now() - begin > 1500;
    });
    expect((await service.run(runId)).leaseOwner).toBe(daemon.daemonId);
  });

  test('ends when its beat stands still, and a run that was not started goes back to the queue', async () => {
    const daemon = await elsewhere();
    const runId = await service.submit('true');
    await claimAs(daemon.daemonId);
    await service.startDaemon({ settings: { leaseSeconds: 0.5, heartbeatSeconds: 0.1 } });
    expect(await service.reached(runId, 'COMPLETE')).toMatchObject({ attempt: 2 });
    const records = await service.registry.list();
    expect(records.map(({ daemonId }) => daemonId)).not.toContain(daemon.daemonId);
  });

  test('is left to a daemon on the host of the dead one, which can go on with the job', async () => {
    const dead = await elsewhere();
    const runId = await service.submit('true');
    await claimAs(dead.daemonId);
    const neighbour = { ...(await elsewhere()), daemonId: crypto.randomUUID() };
    await service.registry.register({
      ...neighbour,
      engines: [{ engine: 'shell', versions: ['1.0'], workflowTypes: {}, parameters: [] }],
    });
    await service.startDaemon({ settings: { leaseSeconds: 0.5, heartbeatSeconds: 0.1 } });
    const begin = performance.now();
    await until(async () => {
      await service.registry.beat(neighbour.daemonId, Date.now());
      return performance.now() - begin > 1500;
    });
    expect((await service.run(runId)).leaseOwner).toBe(dead.daemonId);
    // Until the neighbour is silent too.
    expect(await service.reached(runId, 'COMPLETE')).toMatchObject({ attempt: 2 });
  });

  test('of a job on a lost host: the run is started again elsewhere', async () => {
    const daemon = await elsewhere();
    const runId = await service.submit('true');
    await claimAs(daemon.daemonId);
    await startElsewhere(daemon, runId);
    await service.startDaemon({ settings: { leaseSeconds: 0.5, heartbeatSeconds: 0.1 } });
    expect(await service.reached(runId, 'COMPLETE')).toMatchObject({ attempt: 2 });
  });

  test('of a cancelled job on a lost host: SYSTEM_ERROR says that it could not be stopped', async () => {
    const daemon = await elsewhere();
    const runId = await service.submit('true');
    await claimAs(daemon.daemonId);
    const lease = { runId, daemonId: daemon.daemonId, attempt: 1 };
    await startElsewhere(daemon, runId);
    const task = { taskId: 'a', position: 1, name: 'a', command: [], systemLogs: [] };
    await service.store.saveTasks(lease, [{ ...task, startedAt: 2 }]);
    await service.cancel(runId);
    await service.startDaemon({ settings: { leaseSeconds: 0.5, heartbeatSeconds: 0.1 } });
    await service.reached(runId, 'SYSTEM_ERROR');
    expect(await service.reason(runId)).toMatch(/could not be stopped.*elsewhere/);
    const [ended] = await service.tasks(runId);
    expect(ended?.endedAt).toBeDefined();
  });

  test('that is lost: the daemon changes nothing and leaves the engine to the new holder', async () => {
    await service.startDaemon();
    const runId = await service.submit(`${UNTIL_RELEASED}; echo ended; echo x > $OUTPUTS/x`);
    const { jobId = '' } = await service.reached(runId, 'RUNNING');
    const holder = await elsewhere((await readHost()).identity);
    const { leaseOwner = '' } = await service.run(runId);
    const from = { daemonId: leaseOwner, attempt: 1 };
    expect(await service.store.takeOver(runId, from, holder.daemonId, 5)).toBe(true);
    await until(() => service.log.some((line) => line.msg === 'run left'));
    const events = await service.store.listEvents(runId);
    await writeFile(join(service.workRoot, runId, '1/execution/release'), '');
    const executor = createLocalExecutor();
    await until(async () => (await executor.poll(jobId)).status === 'exited');
    expect(await service.run(runId)).toMatchObject({
      state: 'RUNNING',
      leaseOwner: holder.daemonId,
    });
    expect(await service.store.listEvents(runId)).toEqual(events);
    expect(await service.runLog(runId, 'stdout')).toBeUndefined();
    expect(await readFile(join(service.workRoot, runId, '1/stdout'), 'utf8')).toBe('ended\n');
  });

  test('is given up by the daemon itself when it can not beat, and taken again when it can', async () => {
    const { registry, store } = service.daemonDeps();
    let isAway = false;
    const away = async (): Promise<never> => {
      throw new Error('the database is away');
    };
    await service.startDaemon({
      registry: {
        ...registry,
        beat: (daemonId, at) => (isAway ? away() : registry.beat(daemonId, at)),
        list: () => (isAway ? away() : registry.list()),
      },
      store: { ...store, listLeased: (id) => (isAway ? away() : store.listLeased(id)) },
      settings: { leaseSeconds: 0.5, heartbeatSeconds: 0.1 },
    });
    const runId = await service.submit(`echo begun; ${UNTIL_RELEASED}; echo ended`);
    await service.reached(runId, 'RUNNING');
    isAway = true;
    await until(() => service.log.some((line) => line.msg === 'run left'));
    expect((await service.run(runId)).state).toBe('RUNNING');
    isAway = false;
    await writeFile(join(service.workRoot, runId, '1/execution/release'), '');
    expect(await service.reached(runId, 'COMPLETE')).toMatchObject({ attempt: 1 });
    expect(await service.runLog(runId, 'stdout')).toBe('begun\nended\n');
  });

  test('of a daemon that was taken for dead while it lived: it goes on under a new id', async () => {
    await service.startDaemon({ settings: { heartbeatSeconds: 0.1 } });
    const runId = await service.submit(`echo begun; ${UNTIL_RELEASED}; echo ended`);
    const { leaseOwner = '' } = await service.reached(runId, 'RUNNING');
    await service.registry.remove(leaseOwner);
    await until(async () => {
      const now = (await service.run(runId)).leaseOwner;
      return now !== undefined && now !== leaseOwner;
    });
    await writeFile(join(service.workRoot, runId, '1/execution/release'), '');
    expect(await service.reached(runId, 'COMPLETE')).toMatchObject({ attempt: 1 });
  });

  test('covers a job that was started before anybody wrote that down', async () => {
    const { registry, store } = service.daemonDeps();
    let isAway = false;
    const unlessAway = <T>(work: () => Promise<T>): Promise<T> =>
      isAway ? Promise.reject(new Error('away')) : work();
    let giveUp = (): void => undefined;
    const hanging = new Promise<never>((_resolve, reject) => {
      giveUp = () => reject(new Error('away'));
    });
    const settings = { leaseSeconds: 0.6, heartbeatSeconds: 0.1 };
    await service.startDaemon({
      registry: { ...registry, beat: (id, at) => unlessAway(() => registry.beat(id, at)) },
      store: {
        ...store,
        moveRun: (move) => (move.to === 'RUNNING' ? hanging : store.moveRun(move)),
        listLeased: (id) => unlessAway(() => store.listLeased(id)),
      },
      settings,
    });
    const runId = await service.submit(`echo x >> executions; ${UNTIL_RELEASED}; cat executions`);
    await until(() => existsSync(join(service.workRoot, runId, '1/job/pid')));
    isAway = true;
    expect((await service.run(runId)).state).toBe('INITIALIZING');

    await service.startDaemon({ settings });
    await service.reached(runId, 'RUNNING');
    giveUp();
    await until(() => service.log.some((line) => line.msg === 'run left'));
    await writeFile(join(service.workRoot, runId, '1/execution/release'), '');
    expect(await service.reached(runId, 'COMPLETE')).toMatchObject({ attempt: 1 });
    expect(await service.runLog(runId, 'stdout')).toBe('x\n');
  });

  test('lost to another host: the engine here is ended, because the run goes on there', async () => {
    await service.startDaemon();
    const runId = await service.submit('sleep 600');
    const { jobId = '', leaseOwner = '' } = await service.reached(runId, 'RUNNING');
    const { pid, start } = decodeJobId(jobId);
    const holder = await elsewhere();
    await service.store.takeOver(runId, { daemonId: leaseOwner, attempt: 1 }, holder.daemonId, 5);
    await until(async () => !(await isRunning(pid, start)));
    await until(() => !existsSync(join(service.workRoot, runId)));
    expect(await service.run(runId)).toMatchObject({ state: 'RUNNING', attempt: 1 });
  });

  test('names the host as other daemons on this machine do', async () => {
    await service.startDaemon();
    const [record] = await service.registry.list();
    expect(record).toMatchObject({ host: (await readHost()).identity, processId: process.pid });
    expect(record?.engines).toMatchObject([{ engine: 'shell', versions: ['1.0'] }]);
  });
});
