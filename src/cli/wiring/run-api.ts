import type { Cli } from '../cli.ts';
import { writeLine } from '../terminal.ts';
import { aborted } from './aborted.ts';
import { apiPath } from './api-path.ts';
import { startApi } from './api.ts';
import { checkExposure } from './authenticator.ts';
import { configurationFor, type ListenOptions } from './configuration.ts';
import { enginePath } from './engine-path.ts';
import { createLogger } from './logger.ts';
import { waitForDatabase } from './wait-for-database.ts';

/** `wes serve`: the API until it is stopped. */
export async function runApi(cli: Cli, options: ListenOptions): Promise<void> {
  const config = configurationFor(cli, options);
  checkExposure(config);
  const { supervisor } = cli;
  const logger = createLogger(config, 'api');
  const database = await waitForDatabase(config, logger, cli.signal);
  if (!database) return;
  try {
    const api = await startApi(config, database, {
      logger,
      searchPath: enginePath(cli.environment.PATH),
      ...(supervisor === undefined ? {} : { onChange: () => supervisor.tell({ type: 'changed' }) }),
    });
    logger.info({ address: api.address }, 'api started');
    if (supervisor !== undefined) supervisor.tell({ type: 'ready', facts: [api.address] });
    else writeLine(cli.terminal.stdout, `The API listens on ${api.address}${apiPath(config)}`);
    await aborted(cli.signal);
    await api.close();
    logger.info('api stopped');
  } finally {
    await database.close();
  }
}
