import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pausedMilliseconds } from '../../src/runs/paused-time.ts';
import { killed, openService, type TestService } from '../support/daemon.ts';
import { until } from '../support/until.ts';

/** Writes a dot ten times in a second, from a grandchild in a session of its own. */
const TICKING = `task_started a ticking
  setsid sh -c 'while [ ! -e stop ]; do printf . >> ticks; sleep 0.1; done' &
  wait; echo done`;

describe('pausing', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await openService('local');
  });
  afterEach(async () => {
    await endAll();
    await service.close();
  });

  /** Jobs outlive their daemons, so a daemon has to end them. */
  async function endAll(): Promise<void> {
    const runs = await service.store.listRuns({ order: 'newest_first', limit: 10 });
    const daemon = await service.startDaemon();
    for (const { runId } of runs) await service.cancel(runId);
    daemon.wake();
    for (const { runId } of runs) {
      await until(async () => (await service.run(runId)).endedAt !== undefined);
    }
  }

  const fileOf = (runId: string, name: string) =>
    join(service.workRoot, runId, '1/execution', name);
  const ticks = async (runId: string) =>
    (await stat(fileOf(runId, 'ticks')).catch(() => undefined))?.size ?? 0;

  async function startTicking(): Promise<string> {
    const runId = await service.submit(TICKING);
    await until(async () => (await ticks(runId)) > 2);
    await service.reached(runId, 'RUNNING');
    return runId;
  }

  async function untilStill(runId: string): Promise<number> {
    const before = await ticks(runId);
    // Twenty ticks of another clock than the run's own.
    for (let index = 0; index < 20; index += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const after = await ticks(runId);
    expect(after).toBe(before);
    return after;
  }

  test('a run stands still with all that it started, goes on, and its history tells both', async () => {
    const daemon = await service.startDaemon();
    const runId = await startTicking();
    expect(await service.pause(runId)).toBe('RUNNING');
    daemon.wake();
    await service.reached(runId, 'PAUSED');
    const still = await untilStill(runId);
    expect(await service.pause(runId, false)).toBe('PAUSED');
    daemon.wake();
    await service.reached(runId, 'RUNNING');
    await until(async () => (await ticks(runId)) > still);
    await writeFile(fileOf(runId, 'stop'), '');
    await service.reached(runId, 'COMPLETE');
    const events = await service.store.listEvents(runId);
    expect(events.map(({ to, reason }) => `${to}: ${reason}`)).toEqual(
      expect.arrayContaining([
        'RUNNING: pause requested',
        'PAUSED: its processes stand still',
        'PAUSED: resume requested',
        'RUNNING: its processes go on',
      ]),
    );
    expect(pausedMilliseconds(events, Date.now())).toBeGreaterThan(900);
  });

  test('a paused run can be cancelled, and nothing of it is left', async () => {
    const daemon = await service.startDaemon();
    const runId = await startTicking();
    await service.pause(runId);
    daemon.wake();
    await service.reached(runId, 'PAUSED');
    expect(await service.cancel(runId)).toBe('CANCELING');
    daemon.wake();
    const run = await service.reached(runId, 'CANCELED');
    expect(run.pauseRequested).toBe(false);
  });

  test('a run whose job was killed while it was PAUSED is RUNNING again before its end', async () => {
    const daemon = await service.startDaemon({ settings: { maxAttempts: 1 } });
    const runId = await service.submit('echo $$ > pid; sleep 600');
    const pid = await until(async () =>
      Number(await readFile(fileOf(runId, 'pid'), 'utf8').catch(() => '')),
    );
    await service.reached(runId, 'RUNNING');
    await service.pause(runId);
    daemon.wake();
    await service.reached(runId, 'PAUSED');
    process.kill(pid, 'SIGKILL');
    // Frozen, it dies when it is thawed; stopped by a signal, at once.
    await service.pause(runId, false);
    daemon.wake();
    await until(async () => (await service.run(runId)).endedAt !== undefined);
    const states = await service.states(runId);
    expect(states.slice(-2)).toEqual(['RUNNING', 'EXECUTOR_ERROR']);
  });

  test('outlives its daemon: the next one keeps the run PAUSED, and lets it go on', async () => {
    const first = await service.spawnDaemon();
    const runId = await startTicking();
    await service.pause(runId);
    await service.reached(runId, 'PAUSED');
    await killed(first);
    const daemon = await service.startDaemon();
    await until(async () =>
      (await service.store.listEvents(runId)).at(-1)?.reason.includes('taken'),
    );
    await untilStill(runId);
    expect((await service.run(runId)).state).toBe('PAUSED');
    await service.pause(runId, false);
    daemon.wake();
    await service.reached(runId, 'RUNNING');
    const still = await ticks(runId);
    await until(async () => (await ticks(runId)) > still);
  });

  test('whose end was asked for while no daemon lived ends when one does', async () => {
    const first = await service.spawnDaemon();
    const runId = await startTicking();
    await service.pause(runId);
    await service.reached(runId, 'PAUSED');
    await killed(first);
    await service.pause(runId, false);
    const still = await ticks(runId);
    await service.startDaemon();
    await service.reached(runId, 'RUNNING');
    await until(async () => (await ticks(runId)) > still);
  });

  test('that fails is given up, with the reason in the history', async () => {
    const { executor } = service.daemonDeps();
    const pause = () => Promise.reject(new Error('there is no way to'));
    const daemon = await service.startDaemon({ executor: { ...executor, pause } });
    const runId = await startTicking();
    await service.pause(runId);
    daemon.wake();
    await until(async () => (await service.reason(runId)).includes('there is no way to'));
    expect(await service.run(runId)).toMatchObject({ state: 'RUNNING', pauseRequested: false });
  });
});
