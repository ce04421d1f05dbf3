import { link, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { RunRequest } from '../runs/run.ts';
import { locateWorkflow } from '../runs/workflow-url.ts';
import type { AddressFailure } from '../staging/staging.ts';
import { openConfined } from './confined-file.ts';
import { messageOf, RunFailure } from './interruption.ts';
import type { RemoteFetch } from './remote-fetch.ts';
import type { RunContext } from './run-context.ts';

const PRIVATE_DIRECTORY = 0o700;
/** What is longer is no document that people write; its declarations are not looked at. */
const LARGEST_DOCUMENT_BYTES = 4 * 1024 * 1024;

export interface StagedWorkflow {
  /** With the name of a local file in the place of an address that the engine does not read itself. */
  readonly request: RunRequest;
  /** Absolute path of the document, where it is here. */
  readonly path?: string;
}

/**
 * Has the workflow here, or, where the engine reads it from the web because it finds there what the document
 * imports, makes sure that it can be had.
 * @throws RunFailure
 * @throws Interruption
 */
export async function stageWorkflow(
  context: RunContext,
  attachmentNames: readonly string[],
  fetch: RemoteFetch,
): Promise<StagedWorkflow> {
  const { request } = context.run;
  const { directory, parts, engine } = context;
  const { workflowUrl } = request;
  const location = located(context, attachmentNames);
  if (location === undefined) return { request };
  if (location.kind === 'attachment') {
    return { request, path: join(directory.execution, location.name) };
  }
  if (location.kind === 'file') return { request, path: location.path };
  if (parts.staging.isTree(workflowUrl)) return await stageTree(context, fetch);
  if (!/^https?:/i.test(workflowUrl)) return await stageDocument(context, fetch);
  if (engine.opensDocuments !== true) return { request };
  return { request, path: await fetchDocument(context, fetch) };
}

/** Undefined for what is no place at all, which the engine says when it is asked for its command. */
function located({ run, parts }: RunContext, attachmentNames: readonly string[]) {
  const { allowedFileRoots } = parts.settings;
  const { workflowSchemes } = parts.staging;
  try {
    const limits = { allowedFileRoots, workflowSchemes };
    return locateWorkflow(run.request.workflowUrl, attachmentNames, limits);
  } catch {
    return undefined;
  }
}

async function stageTree(context: RunContext, fetch: RemoteFetch): Promise<StagedWorkflow> {
  const { directory, parts, run } = context;
  const { workflowUrl, workflowType } = run.request;
  const name = await freeName(directory.execution);
  const place = join(directory.execution, name);
  const main = await fetch.during(
    (options) => parts.staging.fetchTree(workflowUrl, workflowType, place, options),
    failureOf,
  );
  const request = { ...run.request, workflowUrl: `${name}/${main}` };
  return { request, path: join(place, main) };
}

/** Of a directory that no attachment has. */
async function freeName(execution: string): Promise<string> {
  for (let copy = 1; ; copy += 1) {
    const name = copy === 1 ? 'workflow' : `workflow-${copy}`;
    try {
      await mkdir(join(execution, name), { mode: PRIVATE_DIRECTORY });
      return name;
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
      if (!isTaken) throw error;
    }
  }
}

/** Among the attachments, which it may refer to. */
async function stageDocument(context: RunContext, fetch: RemoteFetch): Promise<StagedWorkflow> {
  const { directory, run } = context;
  const path = await fetchDocument(context, fetch);
  const name = basename(path);
  const place = join(directory.execution, name);
  try {
    await link(path, place);
    await rm(path);
  } catch (error) {
    const message = `workflow_url: '${name}' could not be put beside the attachments, of which none may have its name: ${messageOf(error)}`;
    throw new RunFailure(message, { cause: error });
  }
  const hash = run.request.workflowUrl.indexOf('#');
  const fragment = hash === -1 ? '' : run.request.workflowUrl.slice(hash);
  const request = { ...run.request, workflowUrl: `${name}${fragment}` };
  return { request, path: place };
}

/** Gives its path. */
async function fetchDocument(context: RunContext, fetch: RemoteFetch): Promise<string> {
  const { directory, parts, run } = context;
  const [address = ''] = run.request.workflowUrl.split('#');
  const place = join(directory.fetched, 'workflow');
  await mkdir(place, { recursive: true, mode: PRIVATE_DIRECTORY });
  const files = await fetch.during(
    (options) => parts.staging.fetchFiles([address], place, options),
    failureOf,
  );
  const path = files.get(address)?.path;
  if (path === undefined) throw new RunFailure(`workflow_url: ${address} was not fetched`);
  return path;
}

function failureOf(error: AddressFailure): RunFailure {
  return new RunFailure(`workflow_url: ${error.message}`, { cause: error });
}

/** The text of a workflow's document; undefined when it is none, or too long. */
export async function readDocument(
  { directory, parts }: RunContext,
  path: string,
): Promise<string | undefined> {
  const roots = [directory.root, ...parts.settings.allowedFileRoots];
  const file = await openConfined(path, roots);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    return size > LARGEST_DOCUMENT_BYTES ? undefined : await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
