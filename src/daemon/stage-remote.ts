import { mkdir } from 'node:fs/promises';
import { inputField, withLocalInputs, type RemoteInput } from '../engines/remote-inputs.ts';
import type { RunRequest } from '../runs/run.ts';
import { readServiceParameters } from '../runs/service-parameters.ts';
import { redacted } from '../staging/address.ts';
import { AddressFailure, type StagedFile } from '../staging/staging.ts';
import { RunFailure } from './interruption.ts';
import type { RunContext } from './run-context.ts';
import { StagingLog } from './staging-log.ts';

export interface LocalRequest {
  /** With paths of this machine in the place of the addresses that were fetched. */
  readonly request: RunRequest;
  /** What people should know of it. */
  readonly remark?: string;
}

/**
 * Fetches what the request names by addresses, as far as the engine has it fetched.
 * @throws RunFailure that names the input, its address and what was wrong
 * @throws Interruption
 */
export async function stageRemote(context: RunContext): Promise<LocalRequest> {
  const { request } = context.run;
  const inputs = await findInputs(context);
  if (inputs.length === 0) return { request };
  const files = await fetchInputs(context, inputs);
  const pathOf = ({ address }: RemoteInput): string => files.get(address)?.path ?? address;
  return {
    request: withLocalInputs(request, inputs, pathOf),
    remark: remarkOn([...files.values()]),
  };
}

async function findInputs(context: RunContext): Promise<readonly RemoteInput[]> {
  const { engine, parts, run } = context;
  if (!engine.remoteInputs) return [];
  const { stage } = readServiceParameters(run.request.workflowEngineParameters);
  const { schemes } = parts.staging;
  return engine.remoteInputs(run.request, {
    schemes: stage === undefined ? schemes : schemes.filter((scheme) => stage.includes(scheme)),
    isChosen: stage !== undefined,
  });
}

async function fetchInputs(
  context: RunContext,
  inputs: readonly RemoteInput[],
): Promise<ReadonlyMap<string, StagedFile>> {
  const { active, directory, parts, logger } = context;
  await mkdir(directory.fetched, { mode: 0o700 });
  const log = new StagingLog(context, redacted);
  const addresses = inputs.map(({ address }) => address);
  logger.info({ files: new Set(addresses).size }, 'inputs are fetched');
  try {
    return await parts.staging.fetchFiles(addresses, directory.fetched, {
      signal: active.signal,
      budget: parts.staging.createBudget(),
      onEvent: (event) => log.tell(event),
    });
  } catch (error) {
    const reason = failureOf(error, inputs);
    if (!active.signal.aborted) log.write(reason.message);
    throw active.interruption() ?? reason;
  } finally {
    await log.close();
  }
}

function failureOf(error: unknown, inputs: readonly RemoteInput[]): Error {
  if (error instanceof AddressFailure) {
    const input = inputs.find(({ address }) => address === error.address);
    const field = input === undefined ? '' : `input ${inputField(input.keys)}: `;
    return new RunFailure(`${field}${error.message}`, { cause: error });
  }
  const why = error instanceof Error ? error.message : String(error);
  return new RunFailure(`The inputs could not be stored: ${why}`, { cause: error });
}

function remarkOn(files: readonly StagedFile[]): string {
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const cached = files.filter(({ isFromCache }) => isFromCache).length;
  const what = files.length === 1 ? '1 file' : `${files.length} files`;
  return `with ${what} fetched (${bytes} bytes${cached > 0 ? `, ${cached} from the cache` : ''})`;
}
