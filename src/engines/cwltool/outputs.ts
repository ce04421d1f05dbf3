import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isJsonObject, type JsonObject, type JsonValue } from '../../runs/json.ts';
import { OUTPUT_REFERENCE } from '../../runs/run.ts';
import type { RunDirectory } from '../../runs/run-directory.ts';
import { outputObjectPath, OutputFiles } from '../driven/output-object.ts';
import type { EngineOutputs } from '../engine.ts';

/**
 * cwltool's output object, with the address of every File and Directory below the run's outputs replaced.
 * @throws Error when an output leads outside the run, as through a symbolic link
 */
export async function readOutputs(directory: RunDirectory): Promise<EngineOutputs> {
  const parsed: unknown = JSON.parse(await readFile(outputObjectPath(directory), 'utf8'));
  if (!isJsonObject(parsed)) throw new Error('the output object is not an object');
  const files = await OutputFiles.of(directory);
  const object = await convertObject(parsed, files);
  return { object, files: files.list() };
}

async function convert(value: JsonValue, files: OutputFiles): Promise<JsonValue> {
  if (Array.isArray(value)) {
    const converted: JsonValue[] = [];
    // isArray does not narrow a union with readonly arrays
    for (const item of value as readonly JsonValue[]) converted.push(await convert(item, files));
    return converted;
  }
  return isJsonObject(value) ? convertObject(value, files) : value;
}

async function convertObject(object: JsonObject, files: OutputFiles): Promise<JsonObject> {
  const converted: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(object)) converted[key] = await convert(value, files);
  const isFile = object['class'] === 'File';
  if (!isFile && object['class'] !== 'Directory') return converted;
  const path = outputPath(object, files);
  if (path === undefined) return converted;
  delete converted['path'];
  converted['location'] = `${OUTPUT_REFERENCE}${path}`;
  // A Directory's files are in its listing, which cwltool makes complete for final outputs.
  if (isFile) await files.add(path);
  return converted;
}

/** Relative path below the outputs; undefined for literals and for addresses on the web. */
function outputPath(object: JsonObject, files: OutputFiles): string | undefined {
  const location = object['location'];
  if (typeof location !== 'string' || !location.startsWith('file:')) return undefined;
  return files.relative(fileURLToPath(location));
}
