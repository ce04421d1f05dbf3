import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { locateWorkflow } from '../../runs/workflow-url.ts';
import type { EngineContext } from '../engine.ts';

/** Where the engine finds the workflow: a file of this machine, or an http(s) address. */
export type WorkflowPlace =
  | {
      readonly kind: 'file';
      /** Absolute. */
      readonly path: string;
      /** What stands after `#` in workflow_url, if anything does. */
      readonly fragment?: string;
    }
  | { readonly kind: 'remote'; readonly url: string };

/** @throws WesError `invalid_request` when it was not attached or may not be named */
export function findWorkflow({
  directory,
  request,
  allowedFileRoots,
}: Pick<EngineContext, 'directory' | 'request' | 'allowedFileRoots'>): WorkflowPlace {
  const names = attachmentNames(directory.execution);
  const location = locateWorkflow(request.workflowUrl, names, { allowedFileRoots });
  if (location.kind === 'remote') return location;
  if (location.kind === 'file') {
    const fragment = new URL(request.workflowUrl).hash.slice(1);
    return { kind: 'file', path: location.path, ...(fragment !== '' && { fragment }) };
  }
  const { name, fragment } = location;
  const path = join(directory.execution, name);
  return { kind: 'file', path, ...(fragment !== undefined && { fragment }) };
}

function attachmentNames(execution: string): readonly string[] {
  return readdirSync(execution, { recursive: true, encoding: 'utf8' }).map((name) =>
    name.split(sep).join('/'),
  );
}

/** For CWL: a URL also of a file, because a path with `#` or `?` in it would be taken for one. */
export function addressOf(place: WorkflowPlace): string {
  if (place.kind === 'remote') return place.url;
  const hash = place.fragment === undefined ? '' : `#${place.fragment}`;
  return `${pathToFileURL(place.path).href}${hash}`;
}
