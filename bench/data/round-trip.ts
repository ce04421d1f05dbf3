import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openDatabase } from '../../src/db/open.ts';
import { isTerminal } from '../../src/runs/state.ts';
import type { Deployment } from './deployment.ts';

const CLI = fileURLToPath(new URL('../../bin/wes.cjs', import.meta.url));
const LOOK_MS = 100;
const run = promisify(execFile);

/** The tool makes a new file of what it gets: what it takes itself for that is not counted. */
const COPY_TOOL = `cwlVersion: v1.2
class: CommandLineTool
baseCommand: cp
arguments: [$(inputs.data.path), result.bin]
inputs:
  data: File
outputs:
  result:
    type: File
    outputBinding: {glob: result.bin}
`;

/** Seconds that one file needed for each part of its way. */
export interface RoundTrip {
  /** `wes submit`: from the client's disk to storage. */
  readonly upSeconds: number;
  /** From storage into the run's directory. */
  readonly stagedSeconds: number;
  /** From the end of the task to COMPLETE: collected by the engine, stored and recorded. */
  readonly outSeconds: number;
  /** `wes outputs --download`: from storage to the client's disk. */
  readonly downSeconds: number;
}

/** Has everything loaded that a first run loads. */
export async function warmUp(directory: string, deployment: Deployment): Promise<void> {
  const source = join(directory, 'small.bin');
  await writeFile(source, 'small');
  await roundTrip(source, directory, deployment);
}

/** Sends the file through the whole service, with the client's own commands. */
export async function roundTrip(
  source: string,
  directory: string,
  deployment: Deployment,
): Promise<RoundTrip> {
  const workflow = join(directory, 'copy.cwl');
  const inputs = join(directory, 'copy.json');
  await writeFile(workflow, COPY_TOOL);
  await writeFile(inputs, JSON.stringify({ data: { class: 'File', path: source } }));
  const submitted = await timed(deployment, ['submit', workflow, '--inputs', inputs]);
  const runId = submitted.stdout.trim();
  const inService = await followed(deployment, runId);
  const target = join(directory, 'downloads');
  const { seconds } = await timed(deployment, ['outputs', runId, '--download', target]);
  await rm(target, { recursive: true });
  await timed(deployment, ['rm', runId]);
  return { upSeconds: submitted.seconds, ...inService, downSeconds: seconds };
}

async function timed({ server }: Deployment, args: readonly string[]) {
  const startedAt = performance.now();
  const { stdout } = await run(process.execPath, [CLI, ...args, '--server', server]);
  return { stdout, seconds: (performance.now() - startedAt) / 1000 };
}

/** Times of the database, which are finer than those of the API. */
async function followed(
  { databaseUrl }: Deployment,
  runId: string,
): Promise<Pick<RoundTrip, 'stagedSeconds' | 'outSeconds'>> {
  const database = await openDatabase(databaseUrl);
  try {
    const store = database.runs;
    for (;;) {
      const row = await store.getRunState(runId);
      if (row === undefined || isTerminal(row.state)) break;
      await delay(LOOK_MS);
    }
    const ended = await store.getRun(runId);
    const [task] = await store.listTasks(runId, { after: 0, limit: 1 });
    const events = await store.listEvents(runId);
    const claimedAt = events.find(({ to }) => to === 'INITIALIZING')?.at;
    if (ended?.state !== 'COMPLETE' || !ended.startedAt || !task?.endedAt || !claimedAt)
      throw new Error(`${runId} ended as ${ended?.state}: ${events.at(-1)?.reason}`);
    return {
      stagedSeconds: (ended.startedAt - claimedAt) / 1000,
      outSeconds: ((ended.endedAt ?? 0) - task.endedAt) / 1000,
    };
  } finally {
    await database.close();
  }
}
