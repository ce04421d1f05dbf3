import { WesClientError } from './client-error.ts';
import { below } from './find-server.ts';
import type { EventSourceOptions } from './event-source.ts';
import { followEvents, type EventsOptions } from './follow-events.ts';
import { followLog } from './follow-log.ts';
import type { OutputFile } from './output-list.ts';
import {
  readOutputList,
  readRunList,
  readRunLog,
  readRunStatus,
  readServiceInfo,
  readTask,
  readTaskList,
  type Page,
  type RunRecord,
  type RunState,
  type ServiceFacts,
} from './reading.ts';
import type { RunEvent } from './reading-events.ts';
import type { TaskLog } from './run-log.ts';
import {
  createRunOperations,
  keyHeader,
  NO_SUCH_OPERATION,
  newRunId,
  order,
  type RunOperations,
} from './run-operations.ts';
import type { RunRequest } from './runs.ts';
import type { Transport } from './transport.ts';

export interface PageRequest {
  readonly pageSize?: number;
  readonly pageToken?: string | undefined;
}

/** The filters are additions of this service; other servers take no notice of them. */
export interface RunListRequest extends PageRequest {
  readonly states?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
}

export interface RunSubmission {
  readonly request: RunRequest;
  /** Name → content. */
  readonly attachments?: ReadonlyMap<string, Blob>;
  readonly idempotencyKey?: string | undefined;
}

/** What part of a resource is wanted: from a byte on (of this version of it), or so many bytes at its end. */
export type Part = { readonly start: number; readonly etag?: string } | { readonly last: number };

export interface Bytes {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  /** False when everything is given from the beginning: no part was asked for, or the server can't do parts. */
  readonly isPartial: boolean;
  /** Where the part begins, when the server told it. */
  readonly start?: number;
  /** Names this very version of the resource, when the server has such names. */
  readonly etag?: string;
}

export interface CrateRequest {
  /** The archive with the files, instead of the metadata alone. */
  readonly withFiles: boolean;
  /** Logs are told of as well, and are in the archive. */
  readonly withLogs: boolean;
}

/**
 * The operations of WES 1.1, against servers of 1.0 as well, in a browser or in Node.
 * Every method throws WesClientError.
 */
export interface WesClient extends RunOperations {
  /** Address below which the operations are. */
  readonly base: URL;
  getServiceInfo(): Promise<ServiceFacts>;
  listRuns(request?: RunListRequest): Promise<Page<RunState>>;
  /** Gives the id of the new run. */
  runWorkflow(submission: RunSubmission): Promise<string>;
  getRunLog(runId: string): Promise<RunRecord>;
  getRunStatus(runId: string): Promise<RunState>;
  /** Falls back on the run's log where a server has no list of tasks: then all are on one page. */
  listTasks(runId: string, request?: PageRequest): Promise<Page<TaskLog>>;
  getTask(runId: string, taskId: string): Promise<TaskLog>;
  cancelRun(runId: string): Promise<void>;
  /** The stored output files, an addition of this service; undefined where a server has no such list. */
  listOutputs(runId: string, request?: PageRequest): Promise<Page<OutputFile> | undefined>;
  /** A run that ended as an RO-Crate, an addition of this service. */
  readCrate(runId: string, request: CrateRequest): Promise<Bytes>;
  /** The bytes behind an address that a run's log gives, relative ones included. */
  read(address: string, part?: Part): Promise<Bytes>;
  /**
   * What happens to a run from its beginning to its end or, without an id, to all runs from now on; each
   * event once, over any number of connections. An addition of this service: undefined where a server
   * can't tell, which then has to be asked again and again.
   */
  events(
    runId: string | undefined,
    options?: EventsOptions,
  ): Promise<AsyncGenerator<RunEvent, void, undefined> | undefined>;
  /**
   * A log behind such an address as it grows, from its beginning to its end; undefined where a server
   * can't tell, which then has to be asked again and again.
   */
  followLog(
    address: string,
    options?: EventSourceOptions,
  ): Promise<AsyncGenerator<Uint8Array, void, undefined> | undefined>;
}

const RANGE_NOT_SATISFIABLE = 416;

export function createWesClient(base: URL, transport: Transport): WesClient {
  const at = (...segments: readonly string[]) =>
    below(base, segments.map((segment) => `/${encodeURIComponent(segment)}`).join(''));
  const run = (runId: string, ...rest: readonly string[]) => at('runs', runId, ...rest);

  async function getRunLog(runId: string): Promise<RunRecord> {
    return readRunLog(await transport.json(run(runId)), runId);
  }

  async function listTasks(runId: string, request: PageRequest = {}): Promise<Page<TaskLog>> {
    try {
      return readTaskList(await transport.json(withPage(run(runId, 'tasks'), request)));
    } catch (error) {
      if (!lacksOperation(error) || request.pageToken !== undefined) throw error;
    }
    return { items: (await getRunLog(runId)).task_logs, nextPageToken: undefined };
  }

  async function getTask(runId: string, taskId: string): Promise<TaskLog> {
    try {
      return readTask(await transport.json(run(runId, 'tasks', taskId)), 1);
    } catch (error) {
      if (!lacksOperation(error)) throw error;
      const tasks = (await getRunLog(runId)).task_logs;
      const found = tasks.find((task) => task.id === taskId);
      if (found === undefined) throw error;
      return found;
    }
  }

  return {
    base,
    getServiceInfo: async () => readServiceInfo(await transport.json(at('service-info'))),
    listRuns: async (request = {}) =>
      readRunList(await transport.json(runsUrl(at('runs'), request))),
    runWorkflow: (submission) => submit(at('runs'), submission, transport),
    getRunLog,
    getRunStatus: async (runId) => {
      const status = readRunStatus(await transport.json(run(runId, 'status')));
      return { ...status, run_id: status.run_id || runId };
    },
    listTasks,
    getTask,
    cancelRun: (runId) => order(run(runId, 'cancel'), 'POST', transport),
    ...createRunOperations(run, transport),
    listOutputs: (runId, request = {}) =>
      listOutputs(withPage(run(runId, 'outputs'), request), transport),
    readCrate: async (runId, request) =>
      await read(crateUrl(run(runId, 'ro-crate'), request), undefined, transport),
    read: async (address, part) => await read(resolved(address, run('-')), part, transport),
    ...createStreams(at, transport),
  };
}

function createStreams(
  at: (...segments: readonly string[]) => URL,
  transport: Transport,
): Pick<WesClient, 'events' | 'followLog'> {
  return {
    events: (runId, options) =>
      followEvents(at('runs', ...[runId ?? []].flat(), 'events'), transport, options),
    followLog: async (address, options) =>
      await followLog(resolved(address, at('runs', '-')), transport, options),
  };
}

/** All items of a list, page by page. A server that repeats a token would never end, so that ends it. */
export async function* eachPage<Item>(
  load: (pageToken: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<readonly Item[], void, undefined> {
  const seen = new Set<string>();
  let token: string | undefined;
  do {
    const page = await load(token);
    yield page.items;
    token = page.nextPageToken;
    if (token !== undefined && seen.has(token)) return;
    if (token !== undefined) seen.add(token);
  } while (token !== undefined);
}

async function submit(url: URL, submission: RunSubmission, transport: Transport): Promise<string> {
  const body = new FormData();
  for (const [name, value] of Object.entries(submission.request)) {
    if (value === undefined) continue;
    body.append(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  for (const [name, content] of submission.attachments ?? []) {
    body.append('workflow_attachment', content, name);
  }
  const headers = keyHeader(submission.idempotencyKey);
  return newRunId(await transport.json(url, { method: 'POST', body, headers }));
}

async function listOutputs(url: URL, transport: Transport): Promise<Page<OutputFile> | undefined> {
  const response = await transport.send(url, { expects: NO_SUCH_OPERATION });
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok || !hasOutputs(answer)) return undefined;
  return readOutputList(answer);
}

function hasOutputs(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'outputs' in answer;
}

async function read(url: URL, part: Part | undefined, transport: Transport): Promise<Bytes> {
  const range = rangeOf(part);
  const version = part !== undefined && 'etag' in part ? { 'if-range': part.etag } : {};
  const headers = range === undefined ? {} : { range, ...version };
  const expects = range === undefined ? [] : [RANGE_NOT_SATISFIABLE];
  const response = await transport.send(url, { headers, expects });
  if (response.status !== RANGE_NOT_SATISFIABLE) {
    return { body: response.body, isPartial: response.status === 206, ...placeOf(response) };
  }
  // There is nothing in that part yet.
  await response.body?.cancel();
  return { body: null, isPartial: true };
}

/** A weak tag names what is equal in meaning, not in bytes (RFC 9110, section 8.8.3). */
function placeOf({ headers }: Response): Pick<Bytes, 'start' | 'etag'> {
  const etag = headers.get('etag');
  const start = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1];
  return {
    ...(start !== undefined && { start: Number(start) }),
    ...(etag !== null && !etag.startsWith('W/') && { etag }),
  };
}

function rangeOf(part: Part | undefined): string | undefined {
  if (part === undefined) return undefined;
  if ('last' in part) return `bytes=-${part.last}`;
  return part.start === 0 ? undefined : `bytes=${part.start}-`;
}

function resolved(address: string, base: URL): URL {
  try {
    return new URL(address, base);
  } catch (error) {
    const problem = `The server gave an address that is none: ${address.slice(0, 200)}`;
    throw new WesClientError('server_error', problem, undefined, { cause: error });
  }
}

function crateUrl(url: URL, { withFiles, withLogs }: CrateRequest): URL {
  if (withFiles) url.searchParams.set('download', 'zip');
  if (withLogs) url.searchParams.set('logs', 'true');
  return url;
}

function runsUrl(url: URL, request: RunListRequest): URL {
  for (const state of request.states ?? []) url.searchParams.append('state', state);
  for (const [key, value] of Object.entries(request.tags ?? {})) {
    url.searchParams.append('tags', `${key}:${value}`);
  }
  return withPage(url, request);
}

function withPage(url: URL, request: PageRequest): URL {
  if (request.pageSize !== undefined) url.searchParams.set('page_size', String(request.pageSize));
  if (request.pageToken !== undefined) url.searchParams.set('page_token', request.pageToken);
  return url;
}

function lacksOperation(error: unknown): boolean {
  if (!(error instanceof WesClientError) || error.status === undefined) return false;
  return NO_SUCH_OPERATION.includes(error.status);
}
