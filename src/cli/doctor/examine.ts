import type { Config } from '../../config.ts';
import { checkExposure } from '../wiring/authenticator.ts';
import { broken, ok, type Finding } from './check.ts';
import { checkDatabase } from './database-checks.ts';
import {
  checkContainers,
  checkEngines,
  checkExecutor,
  checkLimits,
  checkNode,
  checkScanner,
  checkStorage,
  checkWorkDirectory,
} from './machine-checks.ts';

/** Looks at everything that the service needs on this machine. */
export async function examine(config: Config, now: number): Promise<readonly Finding[]> {
  return [
    ...checkNode(process.versions),
    checkAddress(config),
    ...(await checkDatabase(config, now)),
    await checkStorage(config),
    ...(await checkScanner(config)),
    await checkWorkDirectory(config),
    await checkExecutor(config),
    await checkLimits(config),
    await checkContainers(config),
    await checkEngines(config),
  ];
}

function checkAddress(config: Config): Finding {
  try {
    checkExposure(config);
  } catch (error) {
    return broken('Address', error, 'See AUTH_METHOD in docs/configuration.md');
  }
  return ok('Address', `${config.apiHost}:${config.apiPort}, AUTH_METHOD=${config.authMethod}`);
}
