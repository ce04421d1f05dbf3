import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../../config.ts';
import type { InstalledEngine } from '../../engines/detect.ts';
import type { EngineCatalog } from '../../runs/engine-catalog.ts';
import type { Storage } from '../../storage/storage.ts';
import {
  createRequestValidator,
  type StoppableValidator,
} from '../../validation/request-validator.ts';
import { stagedSchemes } from './staging.ts';
import { ownPlace, removeLeftPlaces } from '../validation/own-place.ts';
import { runToEnd } from '../validation/run-to-end.ts';
import { warmServersOnDemand } from '../warm-servers/on-demand.ts';

export interface ValidatorParts {
  readonly installed: () => Promise<readonly InstalledEngine[]>;
  readonly catalog: EngineCatalog;
  readonly storage: Storage;
  readonly searchPath: string;
  readonly logger: Logger;
}

/** Undefined where requests are not to be checked, or can't be: the runs will tell what is wrong with them. */
export async function createValidator(
  config: Config,
  { installed, catalog, storage, searchPath, logger }: ValidatorParts,
): Promise<StoppableValidator | undefined> {
  if (!config.validateRequests) return undefined;
  const root = join(config.dataDir, 'validation');
  try {
    const directory = await ownPlace(root);
    await removeLeftPlaces(root);
    const warm = warmServersOnDemand({ logger, searchPath });
    const { allowedFileRoots, validationTimeout: timeoutSeconds } = config;
    const validator = createRequestValidator({
      ...{ installed, catalog, storage, runToEnd, logger },
      warmServer: (checker) =>
        config.warmEngines ? warm.addressOf(checker.installed, checker.installation) : undefined,
      concurrency: availableParallelism(),
      settings: {
        ...{ directory, timeoutSeconds, searchPath, allowedFileRoots },
        workflowSchemes: stagedSchemes().workflowSchemes,
      },
    });
    return {
      validate: validator.validate,
      stop: async () => {
        await validator.stop();
        await warm.stop();
        await rm(directory, { recursive: true, force: true });
      },
    };
  } catch (error) {
    logger.warn({ err: error }, 'requests are not validated');
    return undefined;
  }
}
