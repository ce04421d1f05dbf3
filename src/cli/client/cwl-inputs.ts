import { existsSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue } from '../../runs/json.ts';
import { isLocalAddress } from './cwl-references.ts';
import { filesBelow, resolveAddress } from './local-files.ts';

/** Inputs of a CWL workflow whose local files have absolute paths. */
export interface LocatedInputs {
  readonly params: JsonObject;
  /** Absolute paths as the inputs name them: of files and of directories. */
  readonly targets: readonly string[];
  /** Absolute paths of all files, those of Directory values one by one. */
  readonly paths: readonly string[];
}

/** Marks an address as an absolute path of this machine until it is given the name of its attachment. */
const LOCAL = 'local-path:';

/**
 * Resolves the File and Directory values of an inputs object against the directory of its file, and
 * adds the secondary files that the workflow wants and that lie beside them.
 * @throws UsageError for a file that does not exist.
 */
export async function locateInputs(
  params: JsonObject,
  base: string,
  workflow: unknown,
): Promise<LocatedInputs> {
  const patterns = secondaryPatterns(workflow);
  const located: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(params)) {
    located[name] = mapFiles(value, (file) => locate(file, base, patterns.get(name) ?? []));
  }
  const targets = localPathsIn(located);
  const paths = await Promise.all(targets.map((path) => filesBelow(path, 'inputs')));
  return { params: located, targets, paths: [...new Set(paths.flat())] };
}

/** Puts the names of attachments, as relative URIs, where `locateInputs` put absolute paths. */
export function nameInputs(params: JsonObject, nameOf: (path: string) => string): JsonObject {
  const named = Object.entries(params).map(([key, value]) => {
    const changed = mapFiles(value, (file) => {
      const { location } = file;
      if (typeof location !== 'string' || !location.startsWith(LOCAL)) return file;
      const name = nameOf(location.slice(LOCAL.length)).split('/').map(encodeURIComponent);
      return { ...file, location: name.join('/') || '.' };
    });
    return [key, changed] as const;
  });
  return Object.fromEntries(named);
}

/** Replaces every File and Directory object in a value, the outer ones first. */
function mapFiles(value: JsonValue, change: (file: JsonObject) => JsonObject): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => mapFiles(item, change));
  if (!isJsonObject(value)) return value;
  const isFile = value.class === 'File' || value.class === 'Directory';
  const object = isFile ? change(value) : value;
  const entries = Object.entries(object).map(([key, item]) => [key, mapFiles(item, change)]);
  return Object.fromEntries(entries) as JsonObject; // the same keys with JSON values
}

function locate(file: JsonObject, base: string, patterns: readonly string[]): JsonObject {
  const { path, location, ...rest } = file;
  const address = location ?? path;
  if (typeof address !== 'string' || !isLocalAddress(address)) return file;
  const target = resolveAddress(address, base);
  const beside = patterns.map((pattern) => applyPattern(target, pattern)).filter(existsSync);
  const secondary = beside.map((found) => ({ class: 'File', location: LOCAL + found }));
  const hasOwn = rest.secondaryFiles !== undefined || secondary.length === 0;
  return { ...rest, location: LOCAL + target, ...(hasOwn ? {} : { secondaryFiles: secondary }) };
}

function localPathsIn(value: JsonValue): readonly string[] {
  const paths: string[] = [];
  mapFiles(value, (file) => {
    const { location } = file;
    if (typeof location === 'string' && location.startsWith(LOCAL)) {
      paths.push(location.slice(LOCAL.length));
    }
    return file;
  });
  return paths;
}

/** `^` takes one extension off, the rest is put at the end (CWL v1.2, "SecondaryFileSchema"). */
function applyPattern(path: string, pattern: string): string {
  let name = basename(path);
  let rest = pattern.replace(/\?$/, '');
  while (rest.startsWith('^')) {
    name = name.slice(0, name.length - extname(name).length);
    rest = rest.slice(1);
  }
  return join(dirname(path), name + rest);
}

/** Input name → its secondary file patterns; expressions are left to the engine. */
function secondaryPatterns(workflow: unknown): ReadonlyMap<string, readonly string[]> {
  const processes =
    isJsonObject(workflow) && Array.isArray(workflow.$graph)
      ? (workflow.$graph as readonly unknown[])
      : [workflow];
  const entries = processes
    .flatMap((process) => inputsOf(process))
    .map(([name, input]) => {
      const wanted = isJsonObject(input) ? [input.secondaryFiles].flat() : [];
      const patterns = wanted.map((each) => (isJsonObject(each) ? each.pattern : each));
      return [name, patterns.filter(isPlainPattern)] as const;
    });
  return new Map(entries);
}

function inputsOf(process: unknown): readonly (readonly [string, unknown])[] {
  if (!isJsonObject(process)) return [];
  const { inputs } = process;
  if (!Array.isArray(inputs)) return isJsonObject(inputs) ? Object.entries(inputs) : [];
  return inputs.map((input: unknown) => {
    const id = isJsonObject(input) && typeof input.id === 'string' ? input.id : '';
    return [id.replace(/^.*[#/]/, ''), input] as const;
  });
}

function isPlainPattern(pattern: unknown): pattern is string {
  return typeof pattern === 'string' && !pattern.includes('$(') && !pattern.includes('${');
}
