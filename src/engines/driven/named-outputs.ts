import { readFile } from 'node:fs/promises';
import { isJsonObject } from '../../runs/json.ts';
import type { RunDirectory } from '../../runs/run-directory.ts';
import type { EngineOutputs } from '../engine.ts';
import { outputObjectPath, OutputFiles } from './output-object.ts';

/**
 * The outputs of a driver that writes `{"object": …, "files": […]}`: an object whose addresses begin with
 * OUTPUT_REFERENCE already, and the paths of all its files below the outputs.
 * @throws Error when a file leads outside the run
 */
export async function readNamedOutputs(directory: RunDirectory): Promise<EngineOutputs> {
  const parsed: unknown = JSON.parse(await readFile(outputObjectPath(directory), 'utf8'));
  const { object, files: paths } = isJsonObject(parsed) ? parsed : {};
  if (!isJsonObject(object) || !Array.isArray(paths)) throw new Error('no outputs were written');
  const files = await OutputFiles.of(directory);
  for (const path of paths) await files.add(String(path));
  return { object, files: files.list() };
}
