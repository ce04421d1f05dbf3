import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DaemonRegistry, NewDaemon } from '../../src/runs/daemon-registry.ts';
import type { TestDatabase } from '../support/databases.ts';

function newDaemon(): NewDaemon {
  return {
    daemonId: randomUUID(),
    host: 'host é / boot 1',
    processId: 4_194_304,
    processStart: '184467440737095516',
    startedAt: 1_700_000_000_000,
    engines: [
      {
        engine: 'cwltool',
        versions: ['3.1', '3.0'],
        workflowTypes: { CWL: ['v1.0', 'v1.2'] },
        parameters: [],
      },
    ],
  };
}

/** What every DaemonRegistry promises, see `src/runs/daemon-registry.ts`. */
export function describeDaemonRegistry(open: () => Promise<TestDatabase>): void {
  let opened: TestDatabase;
  const registry = (): DaemonRegistry => opened.database.daemons;
  const find = async (daemonId: string) =>
    (await registry().list()).find((daemon) => daemon.daemonId === daemonId);

  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.close());

  test('a daemon that registered is listed as it is', async () => {
    const daemon = newDaemon();
    await registry().register(daemon);
    expect(await find(daemon.daemonId)).toEqual({ ...daemon, beat: 0, beatAt: daemon.startedAt });
  });

  test('each beat counts, also those at the same moment', async () => {
    const daemon = newDaemon();
    await registry().register(daemon);
    const beats = Array.from({ length: 10 }, () => registry().beat(daemon.daemonId, 5));
    expect(await Promise.all(beats)).toEqual(Array.from({ length: 10 }, () => true));
    expect(await find(daemon.daemonId)).toMatchObject({ beat: 10, beatAt: 5 });
  });

  test('a daemon that was removed learns it from its next beat', async () => {
    const daemon = newDaemon();
    await registry().register(daemon);
    await registry().remove(daemon.daemonId);
    await registry().remove(daemon.daemonId);
    expect(await registry().beat(daemon.daemonId, 1)).toBe(false);
    expect(await find(daemon.daemonId)).toBeUndefined();
  });
}
