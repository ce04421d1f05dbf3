import { Readable } from 'node:stream';
import { v7 as newRunId } from 'uuid';
import type { Attachment, NewRun, OutputFile, Task } from '../../src/runs/run.ts';
import type { JsonObject } from '../../src/runs/json.ts';
import type { StoredState } from '../../src/runs/state.ts';
import { attachmentKey, outputKey, runLogKey, taskLogKey } from '../../src/runs/storage-keys.ts';
import type { TestApi } from './api.ts';

const DAEMON = '0d9c6a3e-0000-4000-8000-000000000002';

export interface EndedRun {
  readonly request: NewRun['request'];
  readonly owner?: string;
  /** Name → content. */
  readonly attachments?: Readonly<Record<string, string>>;
  readonly tasks?: readonly Task[];
  /** Path → content. */
  readonly outputs?: Readonly<Record<string, string>>;
  readonly outputObject?: JsonObject;
  /** COMPLETE by default; RUNNING for a run that goes on. */
  readonly state?: StoredState;
  readonly reason?: string;
}

/** Writes a run with all that belongs to it as API and daemon would, without an engine. */
export async function addEndedRun(api: TestApi, run: EndedRun): Promise<string> {
  const runId = newRunId();
  const { request, owner, tasks = [], state = 'COMPLETE', reason = 'The workflow ended.' } = run;
  const attachments = await storeAttachments(api, runId, run.attachments ?? {});
  await api.addRun({ runId, engine: 'cwltool', request, attachments, ...(owner && { owner }) });
  const engines = [{ engine: 'cwltool', versions: ['3.1'] }];
  await api.store.claimRun({ daemonId: DAEMON, executor: 'local', at: Date.now(), engines });
  const lease = { runId, daemonId: DAEMON, attempt: 1 };
  const changes = { engineVersion: '3.1' };
  await api.store.moveRun({ ...lease, to: 'RUNNING', at: Date.now(), reason: 'started', changes });
  await api.store.saveTasks(lease, tasks);
  await storeLogs(api, runId, tasks);
  if (state === 'RUNNING') return runId;
  const outputFiles = await storeOutputs(api, runId, run.outputs ?? {});
  const outputs = run.outputObject ?? {};
  const ended = { ...lease, to: state, at: Date.now(), reason };
  await api.store.moveRun({ ...ended, changes: { outputFiles, outputs } });
  return runId;
}

async function storeAttachments(
  { storage }: TestApi,
  runId: string,
  contents: Readonly<Record<string, string>>,
): Promise<readonly Attachment[]> {
  return Promise.all(
    Object.entries(contents).map(async ([name, content]) => ({
      name,
      ...(await storage.put(attachmentKey(runId, name), Readable.from([content]))),
    })),
  );
}

async function storeOutputs(
  { storage }: TestApi,
  runId: string,
  contents: Readonly<Record<string, string>>,
): Promise<readonly OutputFile[]> {
  return Promise.all(
    Object.entries(contents).map(async ([path, content]) => {
      const body = Readable.from([Buffer.from(content)]);
      const stored = await storage.put(outputKey({ runId, attempt: 1 }, path), body);
      return { path, mediaType: 'text/plain', ...stored };
    }),
  );
}

async function storeLogs(
  { storage }: TestApi,
  runId: string,
  tasks: readonly Task[],
): Promise<void> {
  const run = { runId, attempt: 1 };
  await storage.append(runLogKey(run, 'stderr'), 0, Buffer.from('the engine speaks\n'));
  for (const { taskId, name } of tasks.slice(0, 10)) {
    await storage.append(taskLogKey(run, taskId, 'stdout'), 0, Buffer.from(`${name}\n`));
  }
}

/** A task that ended. */
export function endedTask(position: number, changes: Partial<Task> = {}): Task {
  return {
    taskId: String(position),
    position,
    name: `task ${position}`,
    command: ['sh', '-c', `echo '${position}'`],
    startedAt: Date.now(),
    endedAt: Date.now(),
    exitCode: 0,
    systemLogs: [],
    ...changes,
  };
}
