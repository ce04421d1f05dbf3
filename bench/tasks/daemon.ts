/**
 * A daemon as a process, as `wes daemon` makes it, but for its one engine: node daemon.ts '<DaemonPlaces as JSON>'.
 * The engine's runs have as many tasks as `workflow_params.tasks` says.
 */
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { stagingFor } from '../../src/cli/wiring/staging.ts';
import { loadConfig } from '../../src/config.ts';
import { createDaemon } from '../../src/daemon/daemon.ts';
import { openDatabase } from '../../src/db/open.ts';
import { classifyEnd } from '../../src/engines/driven/classify.ts';
import { readTaskEvents } from '../../src/engines/driven/events.ts';
import { readNamedOutputs } from '../../src/engines/driven/named-outputs.ts';
import { outputObjectPath } from '../../src/engines/driven/output-object.ts';
import type { Engine, EngineContext } from '../../src/engines/engine.ts';
import { createLocalExecutor } from '../../src/executors/local/local-executor.ts';
import type { Command } from '../../src/runs/command.ts';
import { createLocalStorage } from '../../src/storage/local.ts';
import type { WriterOrder } from './writer.ts';

export interface DaemonPlaces {
  readonly databaseUrl: string;
  readonly storageRoot: string;
  readonly workRoot: string;
}

const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url));
const VERSION = '1.0';

const engine: Engine = {
  name: 'many-tasks',
  workflowTypes: { MANY: [VERSION] },
  parameters: [],
  detect: async () => [],
  checkRequest: () => undefined,
  command,
  tasks: ({ events }, cursor) => readTaskEvents(events, cursor),
  outputs: readNamedOutputs,
  classify: classifyEnd,
};

function command({ directory, request, searchPath }: EngineContext): Command {
  const { tasks = 0, end = '' } = request.workflowParams ?? {};
  const order: WriterOrder = {
    tasks: Number(tasks),
    directory: directory.tasks,
    events: directory.events,
    outputObject: outputObjectPath(directory),
    end: String(end),
  };
  return {
    argv: [process.execPath, WRITER, JSON.stringify(order)],
    workingDirectory: directory.execution,
    environment: { PATH: searchPath },
    stdoutPath: directory.stdout,
    stderrPath: directory.stderr,
    files: [],
    stopSignal: 'SIGTERM',
  };
}

const { databaseUrl, storageRoot, workRoot } = JSON.parse(process.argv[2] ?? '') as DaemonPlaces; // by measure.ts
const database = await openDatabase(databaseUrl);
const installation = { engine: engine.name, version: VERSION, launcher: [] };
const daemon = createDaemon({
  store: database.runs,
  registry: database.daemons,
  removals: database.removals,
  storage: createLocalStorage({ root: storageRoot }),
  executor: createLocalExecutor(),
  engines: [{ engine, installations: [installation] }],
  staging: stagingFor(loadConfig({ environment: {} }), pino({ level: 'error' }, process.stderr)),
  settings: {
    workRoot,
    cacheRoot: `${workRoot}/cache`,
    pollIntervalMs: 100,
    maxConcurrentRuns: 4,
    leaseSeconds: 30,
    heartbeatSeconds: 5,
    cancelGraceSeconds: 1,
    maxAttempts: 1,
    coresPerRun: 1,
    logIntervalMs: 500,
    keepWorkDirectories: 'never',
    searchPath: process.env.PATH ?? '/usr/bin:/bin',
    allowedFileRoots: [],
    drain: 'handover',
  },
  logger: pino({ level: 'warn' }, process.stderr),
});
process.once('SIGTERM', () => void daemon.stop().then(() => database.close()));
await daemon.start();
