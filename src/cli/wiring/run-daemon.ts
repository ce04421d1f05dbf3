import type { Cli } from '../cli.ts';
import { writeLine } from '../terminal.ts';
import { aborted } from './aborted.ts';
import { configurationFor, type ConfigurationOptions } from './configuration.ts';
import { startDaemon, type RunningDaemon } from './daemon.ts';
import { createLogger } from './logger.ts';
import { waitForDatabase } from './wait-for-database.ts';

/** `wes daemon`: execution until it is stopped. */
export async function runDaemon(cli: Cli, options: ConfigurationOptions): Promise<void> {
  const config = configurationFor(cli, options);
  const { supervisor } = cli;
  const logger = createLogger(config, 'daemon');
  const database = await waitForDatabase(config, logger, cli.signal);
  if (!database) return;
  try {
    const running = await startDaemon(config, database, logger, cli.environment.PATH);
    const { daemon } = running;
    supervisor?.onWake(() => daemon.wake());
    const engines = engineNames(running);
    if (engines.length === 0) logger.warn('no workflow engine found');
    if (supervisor !== undefined) supervisor.tell({ type: 'ready', facts: engines });
    else writeLine(cli.terminal.stdout, startLine(engines));
    await aborted(cli.signal);
    // Without its supervisor nobody is there to wait for: the runs are left to the next daemon.
    const isLost = supervisor !== undefined && !supervisor.isConnected();
    await running.stop(isLost ? 'handover' : undefined);
  } finally {
    await database.close();
  }
}

function engineNames({ engines }: RunningDaemon): readonly string[] {
  return engines.map(({ engine, installations }) =>
    [engine.name, ...new Set(installations.map(({ version }) => version))].join(' '),
  );
}

function startLine(engines: readonly string[]): string {
  return engines.length === 0
    ? 'The daemon found no workflow engine: run `wes engines install cwltool`, then start it again.'
    : `The daemon executes runs with ${engines.join(', ')}.`;
}
