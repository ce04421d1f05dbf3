import { posix } from 'node:path';
import { schemeOf, WEB_SCHEMES } from './address-scheme.ts';
import { invalidRequest } from './errors.ts';

/** Where a workflow lies that a request names. */
export type WorkflowLocation =
  /** An attachment; `fragment` names a part of it, as in `packed.cwl#main`. */
  | { readonly kind: 'attachment'; readonly name: string; readonly fragment?: string }
  | { readonly kind: 'remote'; readonly url: string }
  /** An absolute path on the service's own machines. */
  | { readonly kind: 'file'; readonly path: string };

export interface WorkflowUrlLimits {
  /** Absolute directories below which `file:` addresses may lie. */
  readonly allowedFileRoots: readonly string[];
  /** Of addresses that the service, or an engine, fetches; http and https by default. */
  readonly workflowSchemes?: readonly string[];
}

/**
 * Reads `workflow_url`: the name of one of the attachments (WES 1.1: a relative URL), an http(s) URL or
 * that of another protocol that the service has, or a `file:` URL where the service allows it.
 * @throws WesError `invalid_request`
 */
export function locateWorkflow(
  workflowUrl: string,
  attachmentNames: readonly string[],
  limits: WorkflowUrlLimits,
): WorkflowLocation {
  const attachment = findAttachment(workflowUrl, attachmentNames);
  if (attachment !== undefined) return attachment;
  const scheme = schemeOf(workflowUrl);
  if (scheme === undefined) throw noSuchAttachment(workflowUrl, attachmentNames);
  if ((limits.workflowSchemes ?? WEB_SCHEMES).includes(scheme)) return remote(workflowUrl);
  if (scheme === 'file') return allowedFile(workflowUrl, limits);
  throw unsupported(scheme, limits);
}

/** The name as it stands, without its fragment, or percent-decoded: a URL and a file name both occur in the field. */
function findAttachment(
  workflowUrl: string,
  names: readonly string[],
): WorkflowLocation | undefined {
  if (names.includes(workflowUrl)) return { kind: 'attachment', name: workflowUrl };
  const hash = workflowUrl.indexOf('#');
  const address = hash === -1 ? workflowUrl : workflowUrl.slice(0, hash);
  const candidates = [address, decoded(address)].map((name) => name?.replace(/^(?:\.\/)+/, ''));
  const name = candidates.find((candidate) => candidate !== undefined && names.includes(candidate));
  if (name === undefined) return undefined;
  const fragment = hash === -1 ? '' : workflowUrl.slice(hash + 1);
  return { kind: 'attachment', name, ...(fragment !== '' && { fragment }) };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function noSuchAttachment(workflowUrl: string, names: readonly string[]): Error {
  const remedy =
    names.length === 0
      ? 'the request has no workflow_attachment'
      : `the attachments are ${names
          .slice(0, 5)
          .map((name) => `'${name}'`)
          .join(', ')}${names.length > 5 ? ', …' : ''}`;
  return invalidRequest(
    'workflow_url',
    `'${workflowUrl}' is relative, so it must name an attached file, but ${remedy}; attach the workflow as workflow_attachment under this name or give an absolute URL`,
  );
}

function remote(workflowUrl: string): WorkflowLocation {
  // Compact identifiers of DRS, `drs://prefix:id`, are no URLs by the web's standard.
  const isUrl = WEB_SCHEMES.includes(schemeOf(workflowUrl) ?? '')
    ? URL.canParse(workflowUrl) && new URL(workflowUrl).hostname !== ''
    : /^[^:]+:\/\/[^/\s][^\s]*$/.test(workflowUrl);
  if (!isUrl) {
    throw invalidRequest('workflow_url', `'${workflowUrl}' is not a valid URL`);
  }
  return { kind: 'remote', url: workflowUrl };
}

function allowedFile(workflowUrl: string, limits: WorkflowUrlLimits): WorkflowLocation {
  if (limits.allowedFileRoots.length === 0) throw unsupported('file', limits);
  const path = filePath(workflowUrl);
  if (path === undefined) {
    throw invalidRequest('workflow_url', `'${workflowUrl}' is not a valid file URL`);
  }
  if (!limits.allowedFileRoots.some((root) => isBelow(root, path))) {
    throw invalidRequest(
      'workflow_url',
      `'${workflowUrl}' lies outside the directories that this service allows; attach the workflow instead`,
    );
  }
  return { kind: 'file', path };
}

/** The URL parser resolves `..`, also when it is percent-encoded; an encoded slash or NUL is no name at all. */
function filePath(workflowUrl: string): string | undefined {
  if (!URL.canParse(workflowUrl)) return undefined;
  const url = new URL(workflowUrl);
  if (url.hostname !== '' || /%2f|%00/i.test(url.pathname)) return undefined;
  return decoded(url.pathname);
}

function isBelow(root: string, path: string): boolean {
  const relative = posix.relative(root, path);
  return relative !== '' && relative !== '..' && !relative.startsWith('../');
}

function unsupported(scheme: string, limits: WorkflowUrlLimits): Error {
  const { allowedFileRoots, workflowSchemes = WEB_SCHEMES } = limits;
  const supported = [...workflowSchemes, ...(allowedFileRoots.length > 0 ? ['file'] : [])];
  return invalidRequest(
    'workflow_url',
    `scheme '${scheme}' is not supported; attach the workflow as workflow_attachment or use one of: ${supported.join(', ')}`,
  );
}
