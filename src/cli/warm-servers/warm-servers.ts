import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { InstalledEngine } from '../../engines/detect.ts';
import type { EngineInstallation } from '../../engines/engine.ts';
import { KeptProcess } from './kept-process.ts';

/** Processes that hold engines loaded for the runs of one daemon or the checks of one API. */
export interface WarmServers {
  readonly addresses: ReadonlyMap<EngineInstallation, string>;
  /** Resolves when none of them is alive; runs that they began go on. */
  stop(): Promise<void>;
}

/** One for the newest installation of each engine that has such a server; older ones are rarely asked for. */
export function startWarmServers(
  engines: readonly InstalledEngine[],
  { logger, searchPath }: { readonly logger: Logger; readonly searchPath: string },
): WarmServers {
  const addresses = new Map<EngineInstallation, string>();
  const processes: KeptProcess[] = [];
  for (const { engine, installations } of engines) {
    const [newest] = installations;
    if (newest === undefined || engine.warmServer === undefined) continue;
    // Nobody can guess it, and nothing of it stays in a file system.
    const address = `wes-${engine.name}-${randomUUID()}`;
    const { argv, environment } = engine.warmServer(newest, address);
    const server = new KeptProcess(
      { argv, environment: { ...environment, PATH: searchPath } },
      {
        onEnd: ({ exitCode, lastWords }) =>
          logger.warn(
            { engine: engine.name, exit_code: exitCode, last_words: lastWords },
            'warm server ended; runs start cold until it is back',
          ),
      },
    );
    server.start();
    logger.info(
      { engine: engine.name, version: newest.version, server_pid: server.processId },
      'warm server started',
    );
    addresses.set(newest, address);
    processes.push(server);
  }
  return {
    addresses,
    stop: async () => {
      await Promise.all(processes.map((one) => one.stop()));
    },
  };
}
