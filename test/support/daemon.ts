import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { createDaemon, type Daemon } from '../../src/daemon/daemon.ts';
import type { DaemonDeps, DaemonSettings } from '../../src/daemon/daemon-deps.ts';
import type { JsonObject } from '../../src/runs/json.ts';
import type { Run, Task } from '../../src/runs/run.ts';

import type { StoredState } from '../../src/runs/state.ts';
import { isTerminal } from '../../src/runs/state.ts';
import {
  attachmentKey,
  outputKey,
  runLogKey,
  taskLogKey,
  type LogStream,
} from '../../src/runs/storage-keys.ts';
import { createLocalStorage } from '../../src/storage/local.ts';
import { StorageError, type Storage } from '../../src/storage/storage.ts';
import { daemonParts, type DaemonPlaces, type ExecutorName } from './daemon-parts.ts';
import { testDatabases, type TestDatabase, type TestDatabases } from './databases.ts';
import { until } from './until.ts';

/** A database, a storage and a work directory, with daemons at will and clients that talk to the store. */
export class TestService {
  readonly executor: ExecutorName;
  readonly storage: Storage;
  readonly places: DaemonPlaces;
  readonly #database: TestDatabase;
  readonly #root: string;
  readonly #daemons: Daemon[] = [];
  readonly #processes: ChildProcess[] = [];
  readonly log: JsonObject[] = [];

  constructor(executor: ExecutorName, database: TestDatabase, root: string) {
    this.executor = executor;
    this.#database = database;
    this.#root = root;
    this.places = {
      databaseUrl: database.url,
      executor,
      storageRoot: join(root, 'storage'),
      workRoot: join(root, 'work'),
      cacheRoot: join(root, 'cache'),
      markDirectory: join(root, 'marks'),
      settings: {},
    };
    this.storage = createLocalStorage({ root: this.places.storageRoot });
  }

  get store() {
    return this.#database.database.runs;
  }

  get removals() {
    return this.#database.database.removals;
  }

  get registry() {
    return this.#database.database.daemons;
  }

  get workRoot(): string {
    return this.places.workRoot;
  }

  get cacheRoot(): string {
    return this.places.cacheRoot;
  }

  /** A daemon in this process; its parts can be replaced. */
  async startDaemon(changes: DaemonChanges = {}): Promise<Daemon> {
    const daemon = createDaemon(this.daemonDeps(changes));
    await daemon.start();
    this.#daemons.push(daemon);
    return daemon;
  }

  daemonDeps({ settings, ...parts }: DaemonChanges = {}): DaemonDeps {
    const logger = pino(
      { level: 'debug', base: null },
      { write: (line: string) => void this.log.push(JSON.parse(line) as JsonObject) },
    );
    return {
      store: this.store,
      registry: this.registry,
      removals: this.removals,
      ...daemonParts({ ...this.places, settings: { ...settings } }),
      logger,
      ...parts,
    };
  }

  /** A daemon in a process of its own, on the same database, storage and work directory. */
  async spawnDaemon(settings: Partial<DaemonSettings> = {}): Promise<ChildProcess> {
    const script = fileURLToPath(new URL('./daemon-process.ts', import.meta.url));
    const argument = JSON.stringify({ ...this.places, settings });
    const child = spawn(process.execPath, [script, argument], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#processes.push(child);
    await once(child.stdout ?? child, 'data'); // it says when it is ready
    return child;
  }

  /** Queues a run; `work` is the fake engine's plan, or the shell engine's script. */
  async submit(
    work: JsonObject | string,
    attachments: Readonly<Record<string, string>> = {},
    {
      owner = 'alice',
      engineParameters,
      rerunOf,
      params = {},
      workflowUrl = 'https://example.org/workflow',
    }: SubmitOptions = {},
  ): Promise<string> {
    const runId = uuidv7();
    const isScript = typeof work === 'string';
    for (const [name, content] of Object.entries(attachments)) {
      await this.storage.put(attachmentKey(runId, name), Readable.from([content]));
    }
    await this.store.createRun({
      runId,
      owner,
      request: {
        workflowType: isScript ? 'SHELL' : 'FAKE',
        workflowTypeVersion: '1.0',
        workflowUrl,
        workflowParams: { ...params, ...(isScript ? { script: work } : { fake: work }) },
        ...(engineParameters && { workflowEngineParameters: engineParameters }),
      },
      attachments: Object.entries(attachments).map(([name, content]) => ({
        name,
        sizeBytes: Buffer.byteLength(content),
        sha256: createHash('sha256').update(content).digest('hex'),
      })),
      engine: isScript ? 'shell' : 'fake',
      createdAt: Date.now(),
      priority: 0,
      ...(rerunOf !== undefined && { rerunOf }),
    });
    return runId;
  }

  /** Asks for a pause, or for its end. */
  pause(runId: string, pause = true): Promise<StoredState | undefined> {
    return this.store.requestPause({ runId, pause, actor: 'user:alice', at: Date.now() });
  }

  cancel(runId: string): Promise<StoredState | undefined> {
    return this.store.requestCancel(runId, 'user:alice', Date.now());
  }

  async run(runId: string): Promise<Run> {
    const run = await this.store.getRun(runId);
    if (!run) throw new Error(`no run ${runId}`);
    return run;
  }

  async reached(runId: string, state: StoredState, timeoutMs = 15_000): Promise<Run> {
    return until(
      async () => {
        const run = await this.run(runId);
        if (run.state !== state && isTerminal(run.state)) {
          throw new Error(`${run.state}: ${await this.reason(runId)}`);
        }
        return run.state === state && run;
      },
      { timeoutMs, message: `The run did not become ${state} within ${timeoutMs} ms.` },
    );
  }

  /** Why the run is in its state, as its history tells. */
  async reason(runId: string): Promise<string> {
    return (await this.store.listEvents(runId)).at(-1)?.reason ?? '';
  }

  /** The states that the run went through, from its history. */
  async states(runId: string): Promise<readonly StoredState[]> {
    return (await this.store.listEvents(runId)).map((event) => event.to);
  }

  tasks(runId: string): Promise<readonly Task[]> {
    return this.store.listTasks(runId, { after: 0, limit: 10_000 });
  }

  /** The text of an object; undefined when there is none. */
  async stored(key: string): Promise<string | undefined> {
    try {
      return await text(await this.storage.get(key));
    } catch (error) {
      if (error instanceof StorageError && error.code === 'not_found') return undefined;
      throw error;
    }
  }

  async runLog(runId: string, stream: LogStream): Promise<string | undefined> {
    return this.stored(runLogKey(await this.run(runId), stream));
  }

  async taskLog(runId: string, taskId: string, stream: LogStream): Promise<string | undefined> {
    return this.stored(taskLogKey(await this.run(runId), taskId, stream));
  }

  async output(runId: string, path: string): Promise<string | undefined> {
    return this.stored(outputKey(await this.run(runId), path));
  }

  marks(): Promise<string[]> {
    return readdir(this.places.markDirectory);
  }

  async close(): Promise<void> {
    await Promise.all(this.#daemons.map((daemon) => daemon.stop('handover')));
    for (const child of this.#processes) await killed(child);
    await this.#database.close();
    await rm(this.#root, { recursive: true });
  }
}

export interface SubmitOptions {
  /** More of workflow_params. */
  readonly params?: JsonObject;
  readonly workflowUrl?: string;
  readonly owner?: string;
  readonly engineParameters?: Readonly<Record<string, string>>;
  readonly rerunOf?: string;
}

export type DaemonChanges = Omit<Partial<DaemonDeps>, 'settings'> & {
  readonly settings?: Partial<DaemonSettings>;
};

export async function openService(
  executor: ExecutorName,
  databases: TestDatabases | undefined = testDatabases[0],
): Promise<TestService> {
  if (!databases) throw new Error('There is no database to test on.');
  const root = await mkdtemp(join(tmpdir(), 'wes-daemon-'));
  const service = new TestService(executor, await databases.open(), root);
  await mkdir(service.places.markDirectory);
  return service;
}

export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
