import type { ApiInstance } from '../../src/api/api-instance.ts';
import { buildApp } from '../../src/api/app.ts';
import type { ChangeReader } from '../../src/runs/change-reader.ts';
import type { Task } from '../../src/runs/run.ts';
import type { LeasedWrite } from '../../src/runs/run-store.ts';
import { createWesClient, type WesClient } from '../../src/wes/client.ts';
import { openEventSource } from '../../src/wes/event-source.ts';
import { readRunEvent, type RunEvent } from '../../src/wes/reading-events.ts';
import { createTransport } from '../../src/wes/transport.ts';
import { createNameAuthenticator, createTestApi, PREFIX, type TestApi } from '../support/api.ts';
import { claim, newRun, uniqueName } from '../support/sample-runs.ts';
import { until } from '../support/until.ts';

/** A server with runs, and clients that follow them. */
export interface EventsApi {
  readonly api: TestApi;
  readonly origin: string;
  /** How often the database was asked each question. */
  readonly asked: Map<string, number>;
  clientOf(name: string, at?: string, signal?: AbortSignal): WesClient;
  /** Another API process' worth of server over the same database. */
  otherServer(): Promise<{ readonly app: ApiInstance; readonly address: string }>;
  startRun(owner?: string): Promise<LeasedWrite>;
  move(lease: LeasedWrite, to: 'RUNNING' | 'COMPLETE'): Promise<void>;
  /** The events of all runs that somebody sees, from when this resolves. */
  followAll(name: string, query?: string): Promise<Followed>;
  /** The bytes of a stream, until `enough` says so. */
  rawEvents(
    path: string,
    headers: Readonly<Record<string, string>>,
    enough: (text: string) => boolean,
  ): Promise<string>;
  /** Resolves when a question is not asked any more. */
  untilSilent(question: keyof ChangeReader): Promise<void>;
  close(): Promise<void>;
}

export interface Followed {
  readonly seen: readonly RunEvent[];
  short(): readonly string[];
  readonly ended: Promise<void>;
}

export const task = (position: number, fields: Partial<Task> = {}): Task => ({
  taskId: `task-${position}`,
  position,
  name: `step ${position}`,
  command: ['echo'],
  startedAt: 1000,
  systemLogs: [],
  ...fields,
});

export const idsIn = (text: string): readonly string[] =>
  [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id ?? '');

export const short = (event: RunEvent): string => {
  if (event.type === 'end') return `end ${event.state ?? ''}`;
  if (event.type === 'task') return `${event.task.id} ${event.task.exit_code ?? 'runs'}`;
  return event.to;
};

export async function follow(
  client: WesClient,
  runId: string | undefined,
  options: Parameters<WesClient['events']>[1] = {},
): Promise<Followed> {
  const events = await client.events(runId, options);
  if (events === undefined) throw new Error('there are no events');
  const seen: RunEvent[] = [];
  const ended = (async () => {
    for await (const event of events) seen.push(event);
  })();
  ended.catch(() => undefined);
  return { seen, short: () => seen.map(short), ended };
}

export async function openEventsApi(): Promise<EventsApi> {
  const asked = new Map<string, number>();
  const api = await createTestApi({
    authenticator: createNameAuthenticator(),
    adapt: (deps) => ({ ...deps, store: counted(deps.store, asked) }),
  });
  const origin = await api.listen();
  const others: ApiInstance[] = [];
  const { store } = api;
  const move: EventsApi['move'] = async (lease, to) => {
    const moved = await store.moveRun({ ...lease, to, at: Date.now(), reason: 'a test' });
    if (!moved) throw new Error(`The run did not move to ${to}.`);
  };
  return {
    api,
    origin,
    asked,
    clientOf: (name, at = origin, signal) =>
      createWesClient(new URL(at + PREFIX), transportOf(name, at, signal)),
    async otherServer() {
      const app = await buildApp(api.deps);
      others.push(app);
      return { app, address: await app.listen({ host: '127.0.0.1', port: 0 }) };
    },
    async startRun(owner = 'alice') {
      const engine = uniqueName('engine');
      await store.createRun(newRun({ owner, engine, request: { tags: { of: owner } } }));
      const { lease } = await claim(store, engine);
      await move(lease, 'RUNNING');
      return lease;
    },
    move,
    followAll: (name, query = '') => followAll(name, origin, query),
    rawEvents: (path, headers, enough) => rawEvents(origin + PREFIX + path, headers, enough),
    untilSilent: (question) => untilSilent(asked, question),
    async close() {
      for (const app of others) await app.close();
      await api.close();
    },
  };
}

export function transportOf(name: string, origin: string, signal?: AbortSignal) {
  return createTransport({ origin, credentials: { type: 'bearer', token: name }, signal });
}

/** Counts the questions to the database. */
function counted(store: TestApi['store'], asked: Map<string, number>): TestApi['store'] {
  const count = <Name extends keyof ChangeReader>(name: Name): ChangeReader[Name] => {
    const method = store[name] as (...args: unknown[]) => unknown;
    return ((...args: unknown[]) => {
      asked.set(name, (asked.get(name) ?? 0) + 1);
      return method(...args);
    }) as ChangeReader[Name]; // the same method
  };
  return {
    ...store,
    listHeads: count('listHeads'),
    listChanges: count('listChanges'),
    listRecorded: count('listRecorded'),
  };
}

async function followAll(name: string, origin: string, query: string): Promise<Followed> {
  const url = new URL(`${origin}${PREFIX}/runs/events${query}`);
  const events = await openEventSource(url, transportOf(name, origin));
  const seen: RunEvent[] = [];
  const begun = Promise.withResolvers<void>();
  const ended = (async () => {
    for await (const event of events ?? []) {
      if (event.event === 'position') begun.resolve();
      const read = readRunEvent(event);
      if (read !== undefined) seen.push(read);
    }
  })();
  ended.catch(() => undefined);
  await begun.promise;
  return { seen, short: () => seen.map(short), ended };
}

async function rawEvents(
  url: string,
  headers: Readonly<Record<string, string>>,
  enough: (text: string) => boolean,
): Promise<string> {
  const controller = new AbortController();
  const response = await fetch(url, { headers, signal: controller.signal });
  if (response.body === null) return '';
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (enough(text)) break;
  }
  controller.abort();
  return text;
}

const QUIET_CHECKS = 150;

/** No question in three times the time that is between two of them. */
async function untilSilent(asked: ReadonlyMap<string, number>, name: string): Promise<void> {
  let last = -1;
  let quiet = 0;
  await until(
    () => {
      const now = asked.get(name) ?? 0;
      quiet = now === last ? quiet + 1 : 0;
      last = now;
      return quiet > QUIET_CHECKS;
    },
    { message: `${name} is still asked` },
  );
}
