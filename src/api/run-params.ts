import Type, { type Static } from 'typebox';
import { WesError } from '../runs/errors.ts';
import { isRunId } from '../runs/run-id.ts';

/** The part of a path that names a run. Any text is a question that gets an answer: 404 for what is no id. */
export const RunParams = Type.Object({ run_id: Type.String() });

/** @throws WesError `run_not_found` for what is no id, as for the id of a run that is not there */
export function runIdIn({ run_id: runId }: Static<typeof RunParams>): string {
  if (isRunId(runId)) return runId;
  throw new WesError('run_not_found', `run ${runId} was not found`);
}
