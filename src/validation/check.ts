import { rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from '../runs/command.ts';
import type { CheckedRun, Verdict } from '../runs/request-validator.ts';
import { runDirectory } from '../runs/run-directory.ts';
import type { Storage } from '../storage/storage.ts';
import type { Checker } from './choose.ts';
import { stageDocuments } from './stage.ts';

/** What one check needs. */
export interface CheckDeps {
  readonly storage: Pick<Storage, 'get'>;
  readonly runToEnd: RunToEnd;
  /** Address of a process that holds the engine loaded, where there is one. */
  readonly warmServer: (checker: Checker) => string | undefined;
  readonly settings: CheckSettings;
}

/**
 * Runs a command to its end and gives its exit code, as a shell would. When the signal is aborted it rejects,
 * and nothing of the command is left.
 */
export type RunToEnd = (
  command: Command,
  job: { readonly runId: string; readonly runRoot: string },
  signal: AbortSignal,
) => Promise<number>;

export interface CheckSettings {
  /** Absolute; each check has a directory of its own below it while it lasts. */
  readonly directory: string;
  readonly timeoutSeconds: number;
  readonly searchPath: string;
  readonly allowedFileRoots: readonly string[];
  /** As `WorkflowUrlLimits` has them. */
  readonly workflowSchemes?: readonly string[];
}

/** Has an engine check the request, in a directory that is gone afterwards. */
export async function checkRequest(
  run: CheckedRun,
  checker: Checker,
  { storage, runToEnd, warmServer, settings }: CheckDeps,
  signal: AbortSignal,
): Promise<Verdict> {
  signal.throwIfAborted();
  const { validation, installation } = checker;
  const directory = runDirectory(settings.directory, run.runId, 0);
  // Not the run's own id: whatever carries that belongs to a daemon.
  const runId = `validation-${run.runId}`;
  const address = warmServer(checker);
  try {
    const placeholders = await stageDocuments(run, checker.workflow, directory, storage, signal);
    const command = validation.command({
      ...{ runId, request: run.request, installation, directory, placeholders },
      ...{ searchPath: settings.searchPath, allowedFileRoots: settings.allowedFileRoots },
      seconds: settings.timeoutSeconds,
      ...(address !== undefined && { warmServer: address }),
    });
    for (const { path, content } of command.files) {
      await writeFile(path, content, { flag: 'wx', mode: 0o600 });
    }
    const exitCode = await runToEnd(command, { runId, runRoot: directory.root }, signal);
    return await validation.verdict(exitCode, directory);
  } finally {
    await rm(dirname(directory.root), { recursive: true, force: true, maxRetries: 3 });
  }
}
