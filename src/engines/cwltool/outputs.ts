import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isJsonObject, type JsonObject, type JsonValue } from '../../runs/json.ts';
import { OUTPUT_REFERENCE } from '../../runs/run.ts';
import type { RunDirectory } from '../../runs/run-directory.ts';
import type { EngineOutputFile, EngineOutputs } from '../engine.ts';

/** Where the driver writes cwltool's output object. */
export function outputObjectPath(directory: RunDirectory): string {
  return join(directory.root, 'outputs.json');
}

/**
 * cwltool's output object, with the address of every File and Directory below the run's outputs replaced.
 * @throws Error when an output leads outside the run, as through a symbolic link
 */
export async function readOutputs(directory: RunDirectory): Promise<EngineOutputs> {
  const parsed: unknown = JSON.parse(await readFile(outputObjectPath(directory), 'utf8'));
  if (!isJsonObject(parsed)) throw new Error('the output object is not an object');
  const collection: Collection = {
    outputs: directory.outputs,
    realRoot: await realpath(directory.root),
    files: new Map(),
  };
  const object = await convertObject(parsed, collection);
  return { object, files: [...collection.files.values()] };
}

interface Collection {
  readonly outputs: string;
  /** Every file's own location, all links followed, must lie below it. */
  readonly realRoot: string;
  readonly files: Map<string, EngineOutputFile>;
}

async function convert(value: JsonValue, collection: Collection): Promise<JsonValue> {
  if (Array.isArray(value)) {
    const converted: JsonValue[] = [];
    // isArray does not narrow a union with readonly arrays
    for (const item of value as readonly JsonValue[])
      converted.push(await convert(item, collection));
    return converted;
  }
  return isJsonObject(value) ? convertObject(value, collection) : value;
}

async function convertObject(object: JsonObject, collection: Collection): Promise<JsonObject> {
  const converted: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(object))
    converted[key] = await convert(value, collection);
  const isFile = object['class'] === 'File';
  if (!isFile && object['class'] !== 'Directory') return converted;
  const path = outputPath(object, collection.outputs);
  if (path === undefined) return converted;
  delete converted['path'];
  converted['location'] = `${OUTPUT_REFERENCE}${path}`;
  // A Directory's files are in its listing, which cwltool makes complete for final outputs.
  if (isFile) await addFile(path, collection);
  return converted;
}

/** Relative POSIX path below the outputs; undefined for literals and for addresses on the web. */
function outputPath(object: JsonObject, outputs: string): string | undefined {
  const location = object['location'];
  if (typeof location !== 'string' || !location.startsWith('file:')) return undefined;
  const path = relative(outputs, fileURLToPath(location)).split(sep).join('/');
  if (path === '..' || path.startsWith('../')) {
    throw new Error(`output '${basename(path)}' is not in the output directory`);
  }
  return path;
}

async function addFile(path: string, { outputs, realRoot, files }: Collection): Promise<void> {
  const source = await realpath(join(outputs, path));
  if (!source.startsWith(`${realRoot}${sep}`)) {
    throw new Error(`output '${path}' is a link that leads outside the run`);
  }
  if (!(await stat(source)).isFile()) throw new Error(`output '${path}' is not a regular file`);
  files.set(path, { path, source });
}
