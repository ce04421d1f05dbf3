import type { EngineOutputFile } from '../engines/engine.ts';
import type { JsonObject } from '../runs/json.ts';
import type { OutputFile } from '../runs/run.ts';
import { outputKey, outputsPrefix } from '../runs/storage-keys.ts';
import { allOf } from './all-of.ts';
import { openConfined } from './confined-file.ts';
import { messageOf, RunFailure } from './interruption.ts';
import { mediaTypeOf } from '../storage/media-type.ts';
import { retryStorage } from './retry-storage.ts';
import type { RunContext } from './run-context.ts';

const UPLOADS_AT_ONCE = 4;
const BLOCK_BYTES = 512 * 1024;

export interface CollectedOutputs {
  readonly outputs: JsonObject;
  readonly outputFiles: readonly OutputFile[];
}

/**
 * Brings the outputs of a run that ended well into storage.
 * @throws RunFailure when they can't be read or stored
 * @throws Interruption
 */
export async function collectOutputs(context: RunContext): Promise<CollectedOutputs> {
  const { object, files } = await readOutputs(context);
  return { outputs: object, outputFiles: await uploadAll(context, files) };
}

/**
 * Removes what was uploaded of outputs that the run will not have. To be called once that is written
 * down: before, another daemon might have completed the run with them.
 */
export async function removeOutputs({ parts, run, logger }: RunContext): Promise<void> {
  try {
    await parts.storage.deletePrefix(outputsPrefix(run));
  } catch (error) {
    logger.warn({ err: error }, 'outputs not removed from storage');
  }
}

async function readOutputs({ engine, directory }: RunContext) {
  try {
    return await engine.outputs(directory);
  } catch (error) {
    const message = `The outputs could not be read: ${messageOf(error)}`;
    throw new RunFailure(message, { cause: error });
  }
}

async function uploadAll(
  context: RunContext,
  files: readonly EngineOutputFile[],
): Promise<readonly OutputFile[]> {
  const pending = [...new Map(files.map((file) => [file.path, file])).values()];
  const uploaded: OutputFile[] = [];
  const work = async (): Promise<void> => {
    for (let file = pending.pop(); file; file = pending.pop()) {
      context.active.checkpoint();
      uploaded.push(await upload(context, file));
    }
  };
  const stopOthers = (error: unknown): never => {
    pending.length = 0;
    throw error;
  };
  await allOf(Array.from({ length: UPLOADS_AT_ONCE }, () => work().catch(stopOthers)));
  return uploaded.sort((one, other) => (one.path < other.path ? -1 : 1));
}

function upload(context: RunContext, { path, source }: EngineOutputFile): Promise<OutputFile> {
  const { parts, run, directory } = context;
  const roots = [directory.root, ...parts.settings.allowedFileRoots];
  return retryStorage(context, `The output '${path}' could not be stored`, async () => {
    const file = await openConfined(source, roots);
    if (!file) throw new RunFailure(`The output '${path}' is no file in the run's directory.`);
    try {
      const body = file.createReadStream({ autoClose: false, highWaterMark: BLOCK_BYTES });
      const stored = await parts.storage.put(outputKey(run, path), body);
      return { path, ...stored, mediaType: mediaTypeOf(path) };
    } finally {
      await file.close();
    }
  });
}
