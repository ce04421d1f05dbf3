import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readStory, type EngineEnd } from '../../driven/events.ts';
import { isCompiledObserver, OBSERVER_COMPILER, OBSERVER_SOURCE } from '../jars.ts';
import type { Plan, PlannedWorkflow } from '../plan.ts';
import { startNextflow, type StartOptions } from '../start.ts';
import { takeCache, type Cache } from './cache.ts';
import { conclude } from './conclusion.ts';
import { configurationText } from './configuration.ts';
import { heapMebibytes, memoryMebibytes } from './machine.ts';
import { defaultParameters, makeProgramsExecutable } from './project.ts';
import { collectPublished, filesBelow } from './published-files.ts';
import { runProcess } from './start-process.ts';

/** Gives the exit code of the driver; how the run ended is the last of its events. */
export async function runWorkflow(plan: Plan): Promise<number> {
  const end = await execute(plan).catch((error: unknown) => asEnd(error));
  const event = { event: 'engine_ended', at: Date.now(), ...end };
  appendFileSync(plan.directory.events, `${JSON.stringify(event)}\n`);
  return end.status === 'success' ? 0 : 1;
}

function asEnd(error: unknown): EngineEnd {
  return { status: 'error', message: error instanceof Error ? error.message : String(error) };
}

async function execute(plan: Plan): Promise<EngineEnd> {
  const { directory } = plan;
  const before = new Set(await filesBelow(directory.execution));
  const observer = plan.observer ?? (await compileObserver(plan));
  makeProgramsExecutable(plan);
  const cache = openCache(plan);
  try {
    const configuration = join(directory.root, 'nextflow.config');
    const isCached = cache !== undefined;
    writeFileSync(configuration, configurationText(plan, memoryMebibytes(), isCached));
    const start = startNextflow({ ...startOptions(plan), observer });
    const ended = await runProcess(
      [...start.argv, ...nextflowArguments(plan, configuration, cache)],
      { ...process.env, ...start.environment, ...cacheEnvironment(cache) },
      directory.execution,
    );
    const { endedTasks } = await readStory(directory.events);
    const end = conclude(ended, endedTasks);
    if (end.status !== 'success') return end;
    if (!isObserved(directory.events)) return { status: 'error', message: UNSEEN };
    return await collectPublished(plan, before).then(() => end, notCollected);
  } finally {
    cache?.release();
  }
}

const UNSEEN =
  "this nextflow does not take the service's observer, so nothing is known of its tasks; `wes engines install nextflow --force` gets one that does";

function isObserved(events: string): boolean {
  try {
    return readFileSync(events, 'utf8').includes('"observer_started"');
  } catch {
    return false;
  }
}

function notCollected(error: unknown): EngineEnd {
  return { ...asEnd(error), status: 'permanentFail' };
}

function openCache({ cacheDirectory }: Plan): Cache | undefined {
  if (cacheDirectory === undefined) return undefined;
  const cache = takeCache(cacheDirectory);
  if (cache === undefined) {
    process.stderr.write('Another run uses the cache at this moment: this run does without it.\n');
  }
  return cache;
}

function cacheEnvironment(cache: Cache | undefined): Record<string, string> {
  return cache === undefined ? {} : { NXF_CACHE_DIR: cache.database };
}

function startOptions({ launcher, directory }: Plan): StartOptions {
  const { home, temporary } = directory;
  return { launcher, heapMebibytes: heapMebibytes(), home, temporary };
}

function nextflowArguments(
  plan: Plan,
  configuration: string,
  cache: Cache | undefined,
): readonly string[] {
  const { directory, options } = plan;
  return [
    ...['-log', join(directory.root, 'nextflow.log')],
    ...['run', ...workflowArguments(plan.workflow)],
    ...['-name', runName(plan.runId)],
    ...['-ansi-log', 'false'],
    ...['-c', configuration],
    ...['-params-file', directory.inputs],
    ...['-work-dir', cache?.work ?? join(directory.tasks, 'work')],
    ...['-output-dir', directory.outputs],
    ...(cache === undefined ? [] : ['-resume']),
    ...options,
    ...defaultParameters(plan),
  ];
}

function workflowArguments(workflow: PlannedWorkflow): readonly string[] {
  if (workflow.kind === 'local') return [workflow.path];
  const { address, revision } = workflow;
  return [address, ...(revision === undefined ? [] : ['-revision', revision])];
}

/** Nextflow wants lower case, and no name twice in one history. */
function runName(runId: string): string {
  const plain = runId.toLowerCase().replaceAll(/[^a-z\d]+/g, '_');
  return `wes_${plain.slice(0, 40)}_${randomUUID().slice(0, 8)}`.replaceAll(/_+/g, '_');
}

/** For a Nextflow that `wes engines install` did not install. @throws Error when it can't be done */
async function compileObserver(plan: Plan): Promise<string> {
  const { temporary, root } = plan.directory;
  const place = join(root, 'observer');
  mkdirSync(place, { recursive: true });
  const start = startNextflow(startOptions(plan));
  const words = ['run', OBSERVER_COMPILER, '--source', OBSERVER_SOURCE, '--target', place];
  const ended = await runProcess(
    [...start.argv, '-q', '-log', join(temporary, 'nextflow.log'), ...words],
    { ...process.env, ...start.environment, NXF_OFFLINE: 'true' },
    temporary,
  );
  if (ended.exitCode === 0 && isCompiledObserver(place)) return place;
  throw new Error(`Nextflow could not be prepared: ${ended.stdout}${ended.stderr}`.slice(0, 2000));
}
