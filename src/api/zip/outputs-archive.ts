import type { FastifyReply, FastifyRequest } from 'fastify';
import { WesError } from '../../runs/errors.ts';
import type { Run } from '../../runs/run.ts';
import { isTerminal } from '../../runs/state.ts';
import { stillRunning } from '../../runs/wrong-state.ts';
import { allOutputs } from '../all-pages.ts';
import type { ApiDeps } from '../context.ts';
import { outputEntry } from './run-files.ts';
import { sendZip } from './send-zip.ts';
import type { ZipEntry } from './zip-stream.ts';

/**
 * Answers with all output files of a run, or those below a prefix, as one archive.
 * @throws WesError `wrong_state` before the run has ended, `output_not_found` when there is none of these files
 */
export async function sendOutputsArchive(
  { store, storage }: Pick<ApiDeps, 'store' | 'storage'>,
  request: FastifyRequest,
  reply: FastifyReply,
  { run, prefix }: { readonly run: Run; readonly prefix: string },
): Promise<FastifyReply> {
  const { runId, state } = run;
  if (!isTerminal(state)) throw stillRunning(runId, state, 'give its outputs as an archive');
  const [first] = await store.listOutputs(runId, { prefix, limit: 1 });
  if (first === undefined && (state !== 'COMPLETE' || prefix !== '')) throw noOutputs(run, prefix);
  async function* entries(): AsyncGenerator<ZipEntry> {
    for await (const file of allOutputs(store, runId, prefix))
      yield outputEntry(storage, run, file);
  }
  return sendZip(request, reply, { fileName: `${runId}-outputs.zip`, entries: entries() });
}

function noOutputs({ runId, state }: Run, prefix: string): WesError {
  const problem =
    prefix === ''
      ? `run ${runId} is ${state} and has no outputs`
      : `run ${runId} has no output whose path begins with ${JSON.stringify(prefix)}`;
  return new WesError('output_not_found', problem);
}
