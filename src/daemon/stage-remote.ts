import { mkdir } from 'node:fs/promises';
import {
  inputField,
  inputPlaces,
  withLocalInputs,
  type RemoteInput,
} from '../engines/remote-inputs.ts';
import { schemeOf } from '../runs/address-scheme.ts';
import type { RunRequest } from '../runs/run.ts';
import { readServiceParameters } from '../runs/service-parameters.ts';
import { redacted } from '../staging/address.ts';
import type { AddressFailure, StagedFile } from '../staging/staging.ts';
import { RunFailure } from './interruption.ts';
import { RemoteFetch } from './remote-fetch.ts';
import type { RunContext } from './run-context.ts';
import { readDocument, stageWorkflow } from './stage-workflow.ts';

export interface LocalRequest {
  /** With paths of this machine in the place of the addresses that were fetched. */
  readonly request: RunRequest;
  /** What people should know of it. */
  readonly remark?: string;
}

/**
 * Fetches what the request names by addresses, as far as the engine has it fetched. The stored request stays as
 * it is.
 * @throws RunFailure that names the field, its address and what was wrong
 * @throws Interruption
 */
export async function stageRemote(
  context: RunContext,
  attachmentNames: readonly string[],
): Promise<LocalRequest> {
  const fetch = new RemoteFetch(context);
  try {
    const { request, path } = await stageWorkflow(context, attachmentNames, fetch);
    const inputs = await findInputs(context, path);
    if (inputs.length === 0) return { request };
    const files = await fetchInputs(context, inputs, fetch);
    const pathOf = ({ address }: RemoteInput): string => files.get(address)?.path ?? address;
    return {
      request: withLocalInputs(request, inputs, pathOf),
      remark: remarkOn([...files.values()]),
    };
  } finally {
    await fetch.close();
  }
}

/** @param workflow path of the document, which is read only where some input may be an address */
async function findInputs(
  context: RunContext,
  workflow: string | undefined,
): Promise<readonly RemoteInput[]> {
  const { engine, parts, run } = context;
  const { stage } = readServiceParameters(run.request.workflowEngineParameters);
  const { schemes: all } = parts.staging;
  const schemes = stage === undefined ? all : all.filter((scheme) => stage.includes(scheme));
  if (!engine.remoteInputs || !namesAddress(run.request, schemes)) return [];
  const document = workflow === undefined ? undefined : await readDocument(context, workflow);
  return engine.remoteInputs(run.request, {
    schemes,
    isChosen: stage !== undefined,
    ...(document !== undefined && { document }),
  });
}

function namesAddress({ workflowParams = {} }: RunRequest, schemes: readonly string[]): boolean {
  for (const { value } of inputPlaces(workflowParams)) {
    if (typeof value === 'string' && schemes.includes(schemeOf(value) ?? '')) return true;
  }
  return false;
}

async function fetchInputs(
  { directory, parts, logger }: RunContext,
  inputs: readonly RemoteInput[],
  fetch: RemoteFetch,
): Promise<ReadonlyMap<string, StagedFile>> {
  const addresses = [...new Set(inputs.map(({ address }) => address))];
  const begunAt = parts.monotonicNow();
  await mkdir(directory.fetched, { recursive: true, mode: 0o700 });
  const files = await fetch.during(
    (options) => parts.staging.fetchFiles(addresses, directory.fetched, options),
    (error) => failureOf(error, inputs),
  );
  const durationMs = Math.round(parts.monotonicNow() - begunAt);
  logger.info({ files: files.size, duration_ms: durationMs }, 'inputs fetched');
  return files;
}

function failureOf(error: AddressFailure, inputs: readonly RemoteInput[]): RunFailure {
  const input = inputs.find(({ address }) => address === error.address);
  const field = input === undefined ? redacted(error.address) : inputField(input.keys);
  return new RunFailure(`input ${field}: ${error.message}`, { cause: error });
}

function remarkOn(files: readonly StagedFile[]): string {
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const cached = files.filter(({ isFromCache }) => isFromCache).length;
  const what = files.length === 1 ? '1 file' : `${files.length} files`;
  return `with ${what} fetched (${bytes} bytes${cached > 0 ? `, ${cached} from the cache` : ''})`;
}
