import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from '../runs/command.ts';
import { invalidRequest } from '../runs/errors.ts';
import { isJsonObject, type JsonObject } from '../runs/json.ts';
import { OUTPUT_REFERENCE, type RunRequest } from '../runs/run.ts';
import type { RunDirectory } from '../runs/run-directory.ts';
import type { Engine, EngineContext, EngineOutputs, Outcome, TaskEvent } from './engine.ts';

const VERSION = '1.0';

/**
 * The engine of simulated workflows: twin of the fake executor, which alone can execute what it
 * computes. `workflow_params` is `{"fake": {…}}`; the executor's `FakeWork` lists what it may hold.
 */
export function createFakeEngine(): Engine {
  return {
    name: 'fake',
    workflowTypes: { FAKE: [VERSION] },
    parameters: [],
    detect: async () => [{ engine: 'fake', version: VERSION, launcher: ['fake-engine'] }],
    checkRequest,
    command: fakeCommand,
    tasks: readEvents,
    outputs: readOutputs,
    classify: async (exitCode) => outcomeOf(exitCode),
  };
}

function checkRequest(request: RunRequest): void {
  const work = request.workflowParams?.fake;
  if (work === undefined || isJsonObject(work)) return;
  throw invalidRequest('workflow_params', '"fake" must be an object.');
}

function fakeCommand({ request, installation, directory }: EngineContext): Command {
  const { events, tasks, outputs } = directory;
  const work = request.workflowParams?.fake ?? {};
  return {
    argv: [...installation.launcher, JSON.stringify({ work, places: { events, tasks, outputs } })],
    workingDirectory: directory.execution,
    environment: {},
    stdoutPath: directory.stdout,
    stderrPath: directory.stderr,
    files: [{ path: directory.inputs, content: JSON.stringify(request.workflowParams ?? {}) }],
    stopSignal: 'SIGTERM',
  };
}

async function readEvents(
  directory: RunDirectory,
  cursor: number,
): Promise<{ events: readonly TaskEvent[]; cursor: number }> {
  const text = await readFrom(directory.events, cursor);
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  const lines = complete.split('\n').filter((line) => line !== '');
  return {
    events: lines.map((line) => JSON.parse(line) as TaskEvent), // written by the fake executor alone
    cursor: cursor + Buffer.byteLength(complete),
  };
}

/** The file's text from an offset in bytes; empty when there is no file. */
async function readFrom(path: string, offset: number): Promise<string> {
  const file = await open(path).catch(() => undefined);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.max(0, size - offset));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
    return bytes.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function readOutputs(directory: RunDirectory): Promise<EngineOutputs> {
  const names = (await readdir(directory.outputs)).sort();
  const object: Record<string, JsonObject> = {};
  for (const name of names) {
    const { size } = await stat(join(directory.outputs, name));
    object[name] = { class: 'File', location: `${OUTPUT_REFERENCE}${name}`, basename: name, size };
  }
  return {
    object,
    files: names.map((path) => ({ path, source: join(directory.outputs, path) })),
  };
}

function outcomeOf(exitCode: number): Outcome {
  if (exitCode === 0) return { state: 'COMPLETE', reason: 'All tasks ended well.' };
  return { state: 'EXECUTOR_ERROR', reason: `The workflow ended with exit code ${exitCode}.` };
}
