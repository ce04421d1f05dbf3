import type { Verdict } from '../../runs/request-validator.ts';
import type { RunDirectory } from '../../runs/run-directory.ts';
import { readStory } from './events.ts';
import { readTail } from './files.ts';
import { engineWords } from './without-paths.ts';

const LAST_LINES = 5;

/** From what the driver recorded when it was told to validate only. */
export async function readVerdict(exitCode: number, directory: RunDirectory): Promise<Verdict> {
  const { end } = await readStory(directory.events);
  if (end === undefined) {
    const tail = await readTail(directory.stderr, LAST_LINES);
    return unknown(`it ended with exit code ${exitCode} and without a verdict: ${tail}`);
  }
  const { status, message, about } = end;
  if (status === 'success') return { kind: 'valid' };
  const isRefusal = (status === 'invalid' || status === 'unsupported') && message !== '';
  if (!isRefusal) return unknown(message);
  return {
    kind: 'invalid',
    field: about === 'inputs' ? 'workflow_params' : 'workflow_url',
    problem: engineWords(message, directory),
  };
}

function unknown(reason: string): Verdict {
  return { kind: 'unknown', reason };
}
