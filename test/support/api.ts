import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { v7 as newRunId } from 'uuid';
import type { ApiInstance } from '../../src/api/api-instance.ts';
import { buildApp } from '../../src/api/app.ts';
import type { ApiDeps, ApiSettings } from '../../src/api/context.ts';
import { createAnonymousAuthenticator } from '../../src/auth/anonymous.ts';
import type { Authenticator } from '../../src/auth/principal.ts';
import { openDatabase, type Database } from '../../src/db/open.ts';
import { createEngineCatalog } from '../../src/engines/catalog.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { createFakeEngine } from '../../src/engines/fake.ts';
import { WesError } from '../../src/runs/errors.ts';
import type { NewRun } from '../../src/runs/run.ts';
import { createRunService } from '../../src/runs/run-service.ts';
import type { RunStore } from '../../src/runs/run-store.ts';
import type { SubmissionLimits } from '../../src/runs/submission-limits.ts';
import { createLocalStorage } from '../../src/storage/local.ts';
import type { Storage } from '../../src/storage/storage.ts';
import type { ApiDocument } from './official-document.ts';
import { createResponseCheck, type ObservedResponse } from './response-check.ts';

/** The API over a real SQLite file and real local storage, in a directory of its own. */
export interface TestApi {
  readonly app: ApiInstance;
  readonly deps: ApiDeps;
  readonly store: RunStore;
  readonly storage: Storage;
  readonly database: Database;
  /** Lines that were logged, parsed. */
  readonly logs: readonly Record<string, unknown>[];
  /** Ids that `onChange` was told, in order. */
  readonly changes: readonly string[];
  /** A request without a socket; its JSON answer is checked against the standard's document and our own. */
  request(request: TestRequest): Promise<TestResponse>;
  /** As `request`, for GET below the API's prefix. */
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<TestResponse>;
  /** Compares an answer that came over a socket in the same way; throws when it does not conform. */
  check(response: ObservedResponse): void;
  /** Writes a run straight into the database; anything may be given. */
  addRun(run?: Partial<NewRun>): Promise<string>;
  /** Keys of everything in storage. */
  storedKeys(): Promise<readonly string[]>;
  /** Starts to listen on a free port of loopback; gives the address of the server. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

export interface TestRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'TRACE';
  /** The whole path. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly payload?: string | object;
}

export interface TestResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly text: string;
  /** The parsed body; undefined when it is no JSON. */
  // eslint-disable-next-line -- tests look into answers of any shape
  readonly body: any;
}

export interface TestApiOptions {
  readonly settings?: Partial<ApiSettings>;
  readonly limits?: Partial<SubmissionLimits>;
  readonly authenticator?: Authenticator;
  readonly checks?: ApiDeps['checks'];
  readonly now?: () => number;
  /** Puts something in place of a part or around it. */
  readonly adapt?: (deps: ApiDeps) => ApiDeps;
}

export const PREFIX = '/ga4gh/wes/v1';

const TEST_SETTINGS: ApiSettings = {
  apiPrefix: PREFIX,
  trustProxy: false,
  corsOrigins: [],
  maxAttachments: 10,
  maxAttachmentBytes: 1024 * 1024,
  maxRequestFieldBytes: 64 * 1024,
  outputLocations: 'api',
  allowedFileRoots: [],
  inputSchemes: ['http', 'https'],
  defaultPageSize: 5,
  maxPageSize: 20,
  service: {
    id: 'org.example.wes',
    name: 'Test service',
    organizationName: 'Example',
    organizationUrl: 'https://example.org',
    version: '0.0.1',
    authInstructionsUrl: 'https://example.org/login',
    tags: {},
  },
};

export async function createTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const directory = await mkdtemp(join(tmpdir(), 'wes-api-'));
  const database = await openDatabase(`sqlite:${join(directory, 'wes.db')}`);
  await database.migrate();
  const storage = createLocalStorage({ root: join(directory, 'storage') });
  const { deps, logs, changes } = assemble(database, storage, options);
  const app = await buildApp(deps);
  const check = await createChecker(app, deps.settings.apiPrefix);
  const request = (wanted: TestRequest) => send(app, wanted, check, deps.settings.apiPrefix);
  return {
    app,
    deps,
    store: database.runs,
    storage,
    database,
    logs,
    changes,
    request,
    get: (path, headers = {}) =>
      request({ method: 'GET', url: `${deps.settings.apiPrefix}${path}`, headers }),
    check,
    addRun: (run = {}) => addRun(database.runs, run),
    storedKeys: () => storedKeys(storage),
    listen: async () => {
      await app.listen({ host: '127.0.0.1', port: 0 });
      return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`; // listens on TCP
    },
    close: async () => {
      await app.close();
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

type Checker = (response: ObservedResponse) => void;

async function createChecker(app: ApiInstance, prefix: string): Promise<Checker> {
  await app.ready();
  const document = app.swagger() as unknown as ApiDocument; // of OpenAPI 3.0, made by the plugin
  const check = createResponseCheck(document);
  return ({ path, ...response }) => {
    const problems = check({ ...response, path: path.replace(prefix, '') });
    if (problems.length > 0) throw new Error(problems.join('\n'));
  };
}

async function send(
  app: ApiInstance,
  { method, url, headers = {}, payload }: TestRequest,
  check: Checker,
  prefix: string,
): Promise<TestResponse> {
  const response = await app.inject({
    method,
    url,
    headers,
    ...(payload !== undefined && { payload }),
  });
  const isJson = String(response.headers['content-type']).startsWith('application/json');
  const body: unknown = isJson && response.body !== '' ? response.json() : undefined;
  if (body !== undefined && (url.startsWith(prefix) || response.statusCode >= 400)) {
    check({ method, path: url, status: response.statusCode, body });
  }
  return { status: response.statusCode, headers: response.headers, text: response.body, body };
}

function assemble(database: Database, storage: Storage, options: TestApiOptions) {
  const settings = { ...TEST_SETTINGS, ...options.settings };
  const { allowedFileRoots } = settings;
  const catalog = createTestCatalog(allowedFileRoots);
  const logs: Record<string, unknown>[] = [];
  const changes: string[] = [];
  const { now } = options;
  const deps: ApiDeps = {
    runs: createRunService({
      store: database.runs,
      catalog,
      allowedFileRoots,
      limits: { userMaxPriority: 0, maxQueuedRuns: 0, ...options.limits },
      ...(now !== undefined && { now }),
    }),
    store: database.runs,
    storage,
    removals: database.removals,
    catalog,
    authenticator: options.authenticator ?? createAnonymousAuthenticator(),
    checks: options.checks ?? [
      { name: 'database', check: () => database.check() },
      { name: 'storage', check: () => storage.check() },
    ],
    settings,
    logger: pino({ level: 'debug' }, collector(logs)),
    onChange: (runId) => changes.push(runId),
    ...(now !== undefined && { now }),
  };
  return { deps: options.adapt?.(deps) ?? deps, logs, changes };
}

function collector(logs: Record<string, unknown>[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      logs.push(JSON.parse(chunk.toString()) as Record<string, unknown>); // pino writes objects
      done();
    },
  });
}

/** Simulated engines under the names and with the languages of real ones. */
function createTestCatalog(allowedFileRoots: readonly string[]) {
  const cwltool: Engine = {
    ...createFakeEngine(),
    name: 'cwltool',
    workflowTypes: { CWL: ['v1.0', 'v1.1', 'v1.2'] },
    parameters: [
      {
        name: 'parallel',
        type: 'boolean',
        defaultValue: 'true',
        description: 'Whether tasks may run at the same time.',
      },
      { name: 'label', type: 'string', defaultValue: '', description: 'Any text.' },
    ],
  };
  const engines = [cwltool, createFakeEngine()];
  return createEngineCatalog({
    engines,
    limits: { allowedFileRoots },
    localOffers: engines.map(({ name, workflowTypes, parameters }) => ({
      engine: name,
      versions: name === 'cwltool' ? ['3.1', '3.0'] : ['1.0'],
      workflowTypes,
      parameters,
    })),
  });
}

async function addRun(store: RunStore, run: Partial<NewRun>): Promise<string> {
  const complete: NewRun = {
    runId: newRunId(),
    owner: 'anonymous',
    request: { workflowType: 'FAKE', workflowTypeVersion: '1.0', workflowUrl: 'main.fake' },
    attachments: [],
    engine: 'fake',
    createdAt: Date.now(),
    priority: 0,
    ...run,
  };
  await store.createRun(complete);
  return complete.runId;
}

async function storedKeys(storage: Storage): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list('')) keys.push(key);
  return keys;
}

/** Takes `Bearer <name>` for the user of that name; `root` is an admin. */
export function createNameAuthenticator(): Authenticator {
  return {
    challenge: 'Bearer realm="test"',
    authenticate: async ({ authorization }) => {
      const name = /^Bearer (\w+)$/.exec(authorization ?? '')?.[1];
      if (name === undefined) throw new WesError('unauthenticated', 'a bearer token is needed');
      return { name, isAdmin: name === 'root' };
    },
  };
}

export function bearer(name: string): { readonly authorization: string } {
  return { authorization: `Bearer ${name}` };
}
