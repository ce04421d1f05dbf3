import { readdir } from 'node:fs/promises';
import { runDirectory } from '../runs/run-directory.ts';
import type { Run } from '../runs/run.ts';
import { isTerminal } from '../runs/state.ts';
import type { DaemonParts } from './daemon-deps.ts';
import { messageOf } from './interruption.ts';
import { keepsDirectory, removeTree } from './remove-directory.ts';
import { MS_PER_DAY } from './retention.ts';
import { readStagedCommand } from './staged-command.ts';

/**
 * Ends and removes what daemons that died left on this machine: jobs and directories of attempts that
 * are over, that were given up while nobody here could stop them, or whose run was removed. Runs that the database does not
 * know are left alone: it may be the wrong database.
 */
export async function removeStaleDirectories(parts: DaemonParts): Promise<void> {
  const { workRoot } = parts.settings;
  for (const runId of await entriesOf(workRoot)) {
    for (const attempt of await entriesOf(`${workRoot}/${runId}`)) {
      try {
        await removeIfStale(parts, runId, Number(attempt));
      } catch (error) {
        const facts = { run_id: runId, attempt, reason: messageOf(error) };
        parts.logger.warn(facts, 'stale work directory not removed');
      }
    }
  }
}

async function entriesOf(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  // Not what others keep beside the runs, as fetched files.
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name);
}

async function removeIfStale(parts: DaemonParts, runId: string, attempt: number): Promise<void> {
  const run = Number.isSafeInteger(attempt) ? await parts.store.getRun(runId) : undefined;
  const isToGo = run ? isStale(run, attempt) : await parts.removals.isRemoved(runId);
  if (!isToGo || !Number.isSafeInteger(attempt)) return;
  await endJob(parts, runId, attempt);
  if (run && isKept(parts, run, attempt)) return;
  await removeTree(runDirectory(parts.settings.workRoot, runId, attempt).root);
  parts.logger.info({ run_id: runId, attempt }, 'stale work directory removed');
}

function isKept({ settings, now }: DaemonParts, run: Run, attempt: number): boolean {
  const state = run.attempt === attempt ? run.state : 'QUEUED';
  const { keepWorkDirectories, keepWorkDirectoriesDays = 0 } = settings;
  if (!keepsDirectory(keepWorkDirectories, state)) return false;
  const ageMs = now() - (run.endedAt ?? now());
  return keepWorkDirectoriesDays === 0 || ageMs < keepWorkDirectoriesDays * MS_PER_DAY;
}

/** A claim raises the attempt, so nobody will go on with one that is not the run's latest. */
function isStale(run: Run, attempt: number): boolean {
  return run.attempt > attempt || isTerminal(run.state);
}

async function endJob({ executor, settings }: DaemonParts, runId: string, attempt: number) {
  const directory = runDirectory(settings.workRoot, runId, attempt);
  const command = await readStagedCommand(directory);
  if (!command) return;
  const job = { runId, attempt, directory: directory.job, runRoot: directory.root };
  const jobId = await executor.find(command, job);
  if (jobId !== undefined) await executor.cancel(jobId, { graceSeconds: 0 });
}
