import { posix } from 'node:path';
import { invalidRequest } from '../../runs/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../runs/json.ts';
import type { RequestLimits } from '../engine.ts';
import { schemeOf, WEB_SCHEMES } from '../../runs/address-scheme.ts';

/**
 * The input object is data. Keys that make cwltool load other files, change the base of addresses or
 * change what is run are refused, under every spelling that its loader understands.
 */
const LOADER_KEYS = new Set([
  '$import',
  '$include',
  '$mixin',
  '$graph',
  '$base',
  '$schemas',
  '__id',
]);
const ENGINE_PREFIXES = [
  'cwl:',
  'cwltool:',
  'http://commonwl.org/cwltool',
  'https://w3id.org/cwl/',
];
const CWL_NAMESPACES = ['commonwl.org/cwltool', 'w3id.org/cwl'];

const ADDRESS_KEYS = ['location', 'path'];

interface Place {
  readonly value: JsonValue;
  /** Where in the request it stands, as `workflow_params.reads[0].location`. */
  readonly field: string;
}

/** @throws WesError `invalid_request` for the first part that reaches outside the run */
export function checkInputs(inputs: JsonObject, limits: RequestLimits): void {
  // A stack instead of recursion: the nesting is the client's choice.
  const pending: Place[] = [{ value: inputs, field: 'workflow_params' }];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const { value, field } = place;
    if (Array.isArray(value)) {
      // isArray does not narrow a union with readonly arrays
      const items = value as readonly JsonValue[];
      for (const [index, item] of items.entries()) {
        pending.push({ value: item, field: `${field}[${index}]` });
      }
    } else if (isJsonObject(value)) {
      checkObject(value, field, limits);
      for (const [key, item] of Object.entries(value)) {
        pending.push({ value: item, field: `${field}.${key}` });
      }
    }
  }
}

function checkObject(object: JsonObject, field: string, limits: RequestLimits): void {
  for (const key of Object.keys(object)) checkKey(key, field);
  checkNamespaces(object['$namespaces'], field);
  for (const key of ADDRESS_KEYS) {
    const address = object[key];
    if (typeof address === 'string') checkAddress(address, `${field}.${key}`, limits);
  }
  if (object['class'] === 'Directory') refuseRemoteDirectory(object, field, limits);
  if (object['class'] === 'File' || object['class'] === 'Directory') checkFileFields(object, field);
}

function checkKey(key: string, field: string): void {
  if (!LOADER_KEYS.has(key) && !ENGINE_PREFIXES.some((prefix) => key.startsWith(prefix))) return;
  throw invalidRequest(
    `${field}.${key}`,
    `'${key}' is not allowed in the inputs; put it into the workflow document`,
  );
}

function checkNamespaces(namespaces: JsonValue | undefined, field: string): void {
  if (namespaces === undefined) return;
  const addresses = isJsonObject(namespaces) ? Object.values<JsonValue>(namespaces) : [null];
  const isHarmless = (address: JsonValue): boolean =>
    typeof address === 'string' && !CWL_NAMESPACES.some((known) => address.includes(known));
  if (addresses.every(isHarmless)) return;
  throw invalidRequest(
    `${field}.$namespaces`,
    'must give addresses to prefixes, but not those of CWL or cwltool',
  );
}

/** What is in a directory, only some protocols could tell. */
function refuseRemoteDirectory(object: JsonObject, field: string, limits: RequestLimits): void {
  const address = object['location'] ?? object['path'];
  if (typeof address !== 'string' || !isRemote(address, limits)) return;
  throw invalidRequest(
    field,
    `the directory '${address}' can't be fetched; give its files, as File objects, in its 'listing' and leave out its address`,
  );
}

/** `dirname` and a `basename` with a slash would have the engine write outside the task's directory. */
function checkFileFields(object: JsonObject, field: string): void {
  if (object['dirname'] !== undefined) {
    throw invalidRequest(`${field}.dirname`, 'is set by the engine; leave it out');
  }
  const basename = object['basename'];
  if (typeof basename !== 'string') return;
  if (basename.includes('/') || basename === '..' || basename === '.') {
    throw invalidRequest(`${field}.basename`, `'${basename}' must be a plain file name`);
  }
}

function checkAddress(address: string, field: string, limits: RequestLimits): void {
  if (isRemote(address, limits)) return;
  const scheme = schemeOf(address);
  if (scheme !== undefined && scheme !== 'file') throw unsupportedScheme(field, scheme, limits);
  const path = scheme === 'file' ? filePath(address) : address;
  const isInside =
    path !== undefined && (path.startsWith('/') ? isAllowedFile(path, limits) : !climbs(path));
  if (!isInside) throw outside(field, address);
}

function isRemote(address: string, { inputSchemes = WEB_SCHEMES }: RequestLimits): boolean {
  return inputSchemes.includes(schemeOf(address) ?? '');
}

/** The path of a `file:` address that names a host of its own, or that can't be read, is undefined. */
function filePath(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { host, pathname } = new URL(address);
  return host === '' ? pathname : undefined;
}

function isAllowedFile(path: string, { allowedFileRoots }: RequestLimits): boolean {
  return spellings(path).every((spelling) => {
    const plain = posix.normalize(spelling);
    return allowedFileRoots.some((root) =>
      plain.startsWith(root.endsWith('/') ? root : `${root}/`),
    );
  });
}

/** `..` is refused even where it would not lead outside: what it means depends on the reader. */
function climbs(path: string): boolean {
  return spellings(path).some(
    (spelling) =>
      spelling.split(/[/\\]/).includes('..') || spelling.startsWith('/') || spelling.includes('\0'),
  );
}

/** cwltool takes addresses as URLs, people write plain paths: both readings must be harmless. */
function spellings(path: string): readonly string[] {
  try {
    return [path, decodeURIComponent(path)];
  } catch {
    return [path];
  }
}

function unsupportedScheme(field: string, scheme: string, limits: RequestLimits): Error {
  const { allowedFileRoots, inputSchemes = WEB_SCHEMES } = limits;
  const supported = [...inputSchemes, ...(allowedFileRoots.length > 0 ? ['file'] : [])].join(', ');
  return invalidRequest(
    field,
    `scheme '${scheme}' is not supported; attach the file and give its name, or use one of: ${supported}`,
  );
}

function outside(field: string, address: string): Error {
  return invalidRequest(
    field,
    `'${address}' lies outside the run; attach the file as workflow_attachment and give its name, or use an http(s) address`,
  );
}
