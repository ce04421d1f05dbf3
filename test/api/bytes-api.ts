import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pino } from 'pino';
import { v7 as uuid } from 'uuid';
import type { ApiInstance } from '../../src/api/api-instance.ts';
import { buildApp } from '../../src/api/app.ts';
import type { ApiSettings } from '../../src/api/context.ts';
import { createBasicAuthenticator } from '../../src/auth/basic.ts';
import { hashPassword } from '../../src/auth/password.ts';
import { openDatabase } from '../../src/db/open.ts';
import type { Database } from '../../src/db/open.ts';
import type { EngineCatalog } from '../../src/runs/engine-catalog.ts';
import { createRunService } from '../../src/runs/run-service.ts';
import { outputKey, type AttemptOfRun } from '../../src/runs/storage-keys.ts';
import type { OutputFile, Task } from '../../src/runs/run.ts';
import { createLocalStorage } from '../../src/storage/local.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { basic } from '../support/basic.ts';

const PREFIX = '/ga4gh/wes/v1';
const ENGINE = 'cwltool';
const DAEMON = '0d9c6a3e-0000-4000-8000-000000000001';

/** The API over a real database and real files, with runs of the user `alice`. */
export interface BytesApi {
  readonly app: ApiInstance;
  readonly storage: Storage;
  readonly database: Database;
  /** Credentials of `alice` and `bob`, neither of whom is an admin. */
  readonly alice: { readonly authorization: string };
  readonly bob: { readonly authorization: string };
  url(runId: string, rest: string): string;
  startRun(tasks?: readonly Task[]): Promise<string>;
  endTask(runId: string, task: Task): Promise<void>;
  /** The run goes back to the queue, and from there into its second attempt. */
  requeue(runId: string): Promise<void>;
  beginAgain(): Promise<void>;
  endRun(runId: string, attempt?: number): Promise<void>;
  /** A run of alice that ended with these output files: path → content. */
  completeRun(files: Readonly<Record<string, OutputContent>>): Promise<string>;
  close(): Promise<void>;
}

export interface OutputContent {
  readonly content: string;
  readonly mediaType: string;
}

/**
 * @param changed what stands before the storage, to watch it or to make it fail
 * @param given another storage than local files
 */
export async function openBytesApi(
  changed: (storage: Storage) => Storage = (storage) => storage,
  given?: Storage,
): Promise<BytesApi> {
  const directory = await mkdtemp(join(tmpdir(), 'wes-bytes-'));
  const database = await openDatabase(`sqlite:${join(directory, 'wes.db')}`);
  await database.migrate();
  const storage = given ?? createLocalStorage({ root: join(directory, 'storage') });
  const app = await appOver(database, changed(storage));
  return {
    app,
    storage,
    database,
    alice: { authorization: basic('alice', 'password of alice') },
    bob: { authorization: basic('bob', 'password of bob') },
    url: (runId, rest) => `${PREFIX}/runs/${runId}/${rest}`,
    startRun: (tasks = []) => startRun(database, tasks),
    endTask: async (runId, task) => {
      const lease = { runId, daemonId: DAEMON, attempt: 1 };
      await database.runs.saveTasks(lease, [{ ...task, endedAt: Date.now(), exitCode: 0 }]);
    },
    requeue: async (runId) => {
      const lease = { runId, daemonId: DAEMON, attempt: 1 };
      await database.runs.moveRun({ ...lease, to: 'QUEUED', at: Date.now(), reason: 'again' });
    },
    beginAgain: () => begin(database),
    endRun: (runId, attempt = 1) => endRun(database, { runId, attempt }, []),
    completeRun: (files) => completeRun(database, storage, files),
    async close() {
      await app.close();
      await database.close();
      await rm(directory, { recursive: true });
    },
  };
}

async function appOver(database: Database, storage: Storage): Promise<ApiInstance> {
  const users = await Promise.all(
    ['alice', 'bob'].map(async (name) => ({
      name,
      passwordHash: await hashPassword(`password of ${name}`),
      isAdmin: false,
    })),
  );
  const catalog: EngineCatalog = {
    offers: async () => [],
    resolve: async (request) => ({ request, engine: ENGINE }),
  };
  const store = database.runs;
  return buildApp({
    runs: createRunService({
      store,
      catalog,
      allowedFileRoots: [],

      limits: { userMaxPriority: 0, maxQueuedRuns: 0 },
    }),
    store,
    storage,
    removals: database.removals,
    catalog,
    authenticator: createBasicAuthenticator({
      configuredUsers: users,
      monotonicNow: () => performance.now(),
      logger: { warn: () => undefined },
    }),
    checks: [],
    settings: SETTINGS,
    logger: pino({ level: 'silent' }),
  });
}

async function startRun(database: Database, tasks: readonly Task[]): Promise<string> {
  const store = database.runs;
  const runId = uuid();
  await store.createRun({
    runId,
    owner: 'alice',
    request: { workflowType: 'CWL', workflowTypeVersion: 'v1.2', workflowUrl: 'a.cwl' },
    attachments: [],
    engine: ENGINE,
    createdAt: Date.now(),
    priority: 0,
  });
  await begin(database);
  await store.saveTasks({ runId, daemonId: DAEMON, attempt: 1 }, tasks);
  return runId;
}

/** Claims and starts the run that waits. */
async function begin({ runs }: Database): Promise<void> {
  const at = Date.now();
  const engines = [{ engine: ENGINE, versions: ['1'] }];
  const run = await runs.claimRun({ daemonId: DAEMON, executor: 'fake', at, engines });
  if (run === undefined) throw new Error('no run waits');
  const { runId, attempt } = run;
  const lease = { runId, daemonId: DAEMON, attempt };
  await runs.moveRun({ ...lease, to: 'RUNNING', at, reason: 'started' });
}

async function completeRun(
  database: Database,
  storage: Storage,
  files: Readonly<Record<string, OutputContent>>,
): Promise<string> {
  const runId = await startRun(database, []);
  const outputFiles = await Promise.all(
    Object.entries(files).map(async ([path, { content, mediaType }]) => ({
      path,
      mediaType,
      ...(await storage.put(outputKey({ runId, attempt: 1 }, path), Readable.from([content]))),
    })),
  );
  await endRun(database, { runId, attempt: 1 }, outputFiles);
  return runId;
}

async function endRun(
  database: Database,
  run: AttemptOfRun,
  outputFiles: readonly OutputFile[],
): Promise<void> {
  await database.runs.moveRun({
    ...run,
    daemonId: DAEMON,
    to: 'COMPLETE',
    at: Date.now(),
    reason: 'ended',
    changes: { outputFiles },
  });
}

const SETTINGS: ApiSettings = {
  apiPrefix: PREFIX,
  trustProxy: false,
  corsOrigins: [],
  maxAttachments: 10,
  maxAttachmentBytes: 1_000_000,
  maxRequestFieldBytes: 1_000_000,
  outputLocations: 'api',
  allowedFileRoots: [],
  inputSchemes: ['http', 'https'],
  defaultPageSize: 2,
  maxPageSize: 10,
  service: {
    id: 'org.example.wes',
    name: 'WES',
    organizationName: 'Example',
    organizationUrl: 'https://example.org',
    version: '0.0.0',
    authInstructionsUrl: 'https://example.org',
    tags: {},
  },
};
