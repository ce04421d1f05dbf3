import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from '../runs/command.ts';
import type { Attachment, RunRequest } from '../runs/run.ts';
import { readServiceParameters } from '../runs/service-parameters.ts';
import { attachmentKey, attemptLogsPrefix, outputsPrefix } from '../runs/storage-keys.ts';
import { createMeasure } from '../storage/measure.ts';
import { openCache } from './caches.ts';
import { RunFailure } from './interruption.ts';
import { persist } from './persist.ts';
import { retryStorage } from './retry-storage.ts';
import type { RunContext } from './run-context.ts';
import { stageRemote } from './stage-remote.ts';
import { writeStagedCommand } from './staged-command.ts';

const PRIVATE_DIRECTORY = 0o700;
const PRIVATE_FILE = 0o600;

export interface Staged {
  readonly command: Command;
  /** What people should know of the start. */
  readonly remark?: string;
}

/**
 * Makes the private directory of this attempt with everything that the engine needs, and computes the
 * command.
 * @throws RunFailure with a reason for people
 */
export async function stageRun(context: RunContext): Promise<Staged> {
  const { active, parts, run } = context;
  await makeDirectories(context);
  if (run.attempt > 1) await forgetEarlierAttempts(context);
  const attachments = await persist(context, () => parts.store.listAttachments(run.runId));
  for (const attachment of attachments) {
    active.checkpoint();
    await stageAttachment(context, attachment);
  }
  const { request, remark: fetched } = await stageRemote(
    context,
    attachments.map(({ name }) => name),
  );
  const { directory: cacheDirectory, remark: cache } = await openRunCache(context);
  const command = commandOf(context, request, cacheDirectory);
  for (const { path, content } of command.files) await writeBelow(context, path, content);
  await writeStagedCommand(context.directory, command);
  const remark = [fetched, cache].filter((text) => text !== undefined).join(', ');
  return { command, ...(remark !== '' && { remark }) };
}

/** Without it the run takes longer, which is no reason to fail. */
async function openRunCache({
  parts,
  run,
  logger,
}: RunContext): Promise<{ readonly directory?: string; readonly remark?: string }> {
  if (!readServiceParameters(run.request.workflowEngineParameters).cache) return {};
  try {
    return { directory: await openCache(parts.settings.cacheRoot, run, parts.now()) };
  } catch (error) {
    logger.warn({ err: error }, 'cache not opened');
    return { remark: 'without a cache, which could not be opened' };
  }
}

async function makeDirectories({ directory }: RunContext): Promise<void> {
  // Nobody else executes this attempt: what lies here is of a database that was set back.
  await rm(directory.root, { recursive: true, force: true });
  const { execution, outputs, temporary, home, job, tasks } = directory;
  for (const path of [execution, outputs, temporary, home, job, tasks]) {
    await mkdir(path, { recursive: true, mode: PRIVATE_DIRECTORY });
  }
}

/** Of attempts that were given up nothing is kept in storage. */
async function forgetEarlierAttempts(context: RunContext): Promise<void> {
  const { parts, run } = context;
  await retryStorage(context, 'The logs of the last attempt could not be removed', async () => {
    for (let attempt = 1; attempt < run.attempt; attempt += 1) {
      await parts.storage.deletePrefix(attemptLogsPrefix({ ...run, attempt }));
      await parts.storage.deletePrefix(outputsPrefix({ ...run, attempt }));
    }
  });
}

async function stageAttachment(context: RunContext, attachment: Attachment): Promise<void> {
  const { name, sha256 } = attachment;
  const path = pathBelow(context.directory.execution, name);
  await mkdir(dirname(path), { recursive: true, mode: PRIVATE_DIRECTORY });
  const failure = `The attachment '${name}' could not be staged`;
  const digest = await retryStorage(context, failure, () => copyFromStorage(context, name, path));
  if (digest === sha256) return;
  throw new RunFailure(`The attachment '${name}' is not in storage as it was sent.`);
}

/** Gives the SHA-256 of what was copied. */
async function copyFromStorage(context: RunContext, name: string, path: string): Promise<string> {
  const { active, parts, run } = context;
  const source = await parts.storage.get(attachmentKey(run.runId, name));
  await rm(path, { force: true });
  // Exclusively, so that no link is followed.
  const file = await open(path, 'wx', PRIVATE_FILE);
  const measure = createMeasure();
  try {
    await pipeline(source, measure.pass, file.createWriteStream(), { signal: active.signal });
  } catch (error) {
    throw active.interruption() ?? error;
  }
  return measure.result().sha256;
}

function commandOf(
  context: RunContext,
  request: RunRequest,
  cacheDirectory: string | undefined,
): Command {
  const { engine, installation, parts, run, directory } = context;
  const { coresPerRun, searchPath, allowedFileRoots, warmServers, containers, engineEnvironment } =
    parts.settings;
  const warmServer = warmServers?.get(installation);
  try {
    return engine.command({
      runId: run.runId,
      request,
      installation,
      directory,
      cores: coresPerRun,
      searchPath,
      allowedFileRoots,
      ...(cacheDirectory !== undefined && { cacheDirectory }),
      ...(warmServer !== undefined && { warmServer }),
      ...(containers !== undefined && { containers }),
      ...(engineEnvironment !== undefined && { environment: engineEnvironment }),
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RunFailure(`The request can't be executed: ${why}`, { cause: error });
  }
}

async function writeBelow(context: RunContext, path: string, content: string): Promise<void> {
  const inside = pathBelow(context.directory.root, path);
  await mkdir(dirname(inside), { recursive: true, mode: PRIVATE_DIRECTORY });
  const file = await open(inside, 'wx', PRIVATE_FILE);
  try {
    await file.writeFile(content);
  } finally {
    await file.close();
  }
}

/** Names were checked when they were accepted; here they become paths, so they are checked again. */
function pathBelow(root: string, name: string): string {
  const path = resolve(root, name);
  if (path.startsWith(root + sep) && !name.includes('\0')) return path;
  throw new RunFailure(`'${name}' leads outside the run's directory.`);
}
