import { posix } from 'node:path';
import { schemeOf } from '../../runs/address-scheme.ts';
import { invalidRequest } from '../../runs/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../runs/json.ts';
import type { RunRequest } from '../../runs/run.ts';
import { locateWorkflow } from '../../runs/workflow-url.ts';
import type { RequestLimits } from '../engine.ts';

/**
 * A relative address names an attachment; that it was attached is checked where those are known.
 * @throws WesError `invalid_request` for an address that may not be named
 */
export function checkWorkflowAddress({ workflowUrl }: RunRequest, limits: RequestLimits): void {
  if (schemeOf(workflowUrl) !== undefined) locateWorkflow(workflowUrl, [], limits);
}

/**
 * Refuses texts that name files outside the run, in languages whose inputs do not say which texts are files:
 * absolute paths, `file:` addresses and paths that climb, but for those below the allowed roots. Where texts
 * can be anything, `mayBeAddress` says which are looked at.
 * @throws WesError `invalid_request` for the first of them
 */
export function checkAddresses(
  inputs: JsonObject,
  { allowedFileRoots }: RequestLimits,
  mayBeAddress: (text: string) => boolean = () => true,
): void {
  // A stack instead of recursion: the nesting is the client's choice.
  const pending: { value: JsonValue; field: string }[] = [
    { value: inputs, field: 'workflow_params' },
  ];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const { value, field } = place;
    if (typeof value === 'string') {
      if (mayBeAddress(value)) checkText(value, field, allowedFileRoots);
    } else if (isJsonObject(value)) {
      for (const [key, item] of Object.entries(value)) {
        pending.push({ value: item, field: `${field}.${key}` });
      }
    } else if (Array.isArray(value)) {
      // isArray does not narrow a union with readonly arrays
      const items = value as readonly JsonValue[];
      for (const [index, item] of items.entries()) {
        pending.push({ value: item, field: `${field}[${index}]` });
      }
    }
  }
}

function checkText(text: string, field: string, roots: readonly string[]): void {
  const path = /^file:/i.test(text) ? filePath(text) : text;
  const climbs = path !== undefined && climbsOut(path);
  const isAbsolute = path?.startsWith('/') === true;
  if (path !== undefined && !climbs && (!isAbsolute || isBelow(path, roots))) return;
  throw invalidRequest(
    field,
    `'${text}' lies outside the run; attach the file as workflow_attachment and give its name, or use an http(s) address`,
  );
}

/** Also in the middle, as `data/../../other`. */
function climbsOut(path: string): boolean {
  return schemeOf(path) === undefined && /^\.\.(?:\/|$)/.test(posix.normalize(path));
}

/** Undefined for an address that names a host or can't be read. */
function filePath(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { host, pathname } = new URL(address);
  try {
    return host === '' ? decodeURIComponent(pathname) : undefined;
  } catch {
    return undefined;
  }
}

function isBelow(path: string, roots: readonly string[]): boolean {
  const plain = posix.normalize(path);
  return roots.some((root) => plain.startsWith(root.endsWith('/') ? root : `${root}/`));
}
