import type { RunDirectory } from '../../runs/run-directory.ts';
import type { Outcome } from '../engine.ts';
import { readStory, type Story, type TaskEnd } from './events.ts';
import { outputObjectPath } from './output-object.ts';
import { exists, readTail } from './files.ts';
import { engineWords, withoutPaths } from './without-paths.ts';

const STDERR_LINES = 20;

/** From what the driver recorded; the engine's log text is only quoted, never read for meaning. */
export async function classifyEnd(exitCode: number, directory: RunDirectory): Promise<Outcome> {
  const { end, ...tasks } = await readStory(directory.events);
  const said = end && { end: { ...end, message: engineWords(end.message, directory) } };
  const { state, reason } = await outcomeOf(exitCode, directory, { ...tasks, ...said });
  return { state, reason: withoutPaths(reason, directory) };
}

async function outcomeOf(
  exitCode: number,
  directory: RunDirectory,
  { endedTasks, failedTasks, end }: Story,
): Promise<Outcome> {
  if (end === undefined) return crashed(exitCode, directory);
  if (end.status === 'success') return succeeded(directory);
  if (end.status === 'error') {
    return { state: 'SYSTEM_ERROR', reason: `The engine could not go on: ${end.message}` };
  }
  const [failed] = failedTasks;
  if (end.status === 'permanentFail' && failed !== undefined) {
    return { state: 'EXECUTOR_ERROR', reason: await failedTask(failed, failedTasks.length - 1) };
  }
  // Inputs are checked against the workflow when its execution begins: without a task it was refused.
  const status = end.status === 'permanentFail' && endedTasks === 0 ? 'invalid' : end.status;
  return { state: 'EXECUTOR_ERROR', reason: `${HEADLINES[status]}${end.message}` };
}

const HEADLINES = {
  permanentFail: 'The workflow failed. ',
  invalid: 'The engine refused the workflow or its inputs. ',
  unsupported: 'The workflow needs something that is not supported here. ',
} as const;

async function succeeded(directory: RunDirectory): Promise<Outcome> {
  if (await exists(outputObjectPath(directory))) {
    return { state: 'COMPLETE', reason: 'The workflow completed.' };
  }
  return { state: 'SYSTEM_ERROR', reason: 'The engine ended without writing its outputs.' };
}

async function crashed(exitCode: number, directory: RunDirectory): Promise<Outcome> {
  const tail = await readTail(directory.stderr, STDERR_LINES);
  const how = `The engine ended without a result (${exitMeaning(exitCode)}).`;
  return { state: 'SYSTEM_ERROR', reason: tail === '' ? how : `${how} Its last words:\n${tail}` };
}

async function failedTask(task: TaskEnd, others: number): Promise<string> {
  const tail = task.stderrPath === undefined ? '' : await readTail(task.stderrPath, STDERR_LINES);
  return [
    `Task '${task.name}' failed${howItEnded(task)}.`,
    ...(task.error === undefined ? [] : [task.error]),
    ...(others > 0 ? [`${others} more failed after it.`] : []),
    ...(tail === '' ? [] : [`The end of its stderr:\n${tail}`]),
  ].join('\n');
}

function howItEnded({ exitCode }: TaskEnd): string {
  if (exitCode === undefined) return '';
  return exitCode === 0 ? ' although its command succeeded' : ` with ${exitMeaning(exitCode)}`;
}

/** Exit codes as POSIX shells give them; 137 is mostly the kernel's answer to a lack of memory. */
const MEANINGS: Readonly<Record<number, string>> = {
  126: 'its command could not be executed',
  127: 'its command was not found',
  130: 'interrupted',
  134: 'aborted',
  137: 'killed, perhaps for lack of memory',
  139: 'crashed with a segmentation fault',
  143: 'terminated',
};

function exitMeaning(exitCode: number): string {
  const meaning = MEANINGS[exitCode] ?? (exitCode > 128 ? `signal ${exitCode - 128}` : undefined);
  return meaning === undefined ? `exit code ${exitCode}` : `exit code ${exitCode}: ${meaning}`;
}
