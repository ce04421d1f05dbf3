import { join } from 'node:path';
import { startChild } from './child.ts';
import type { Child } from './child.ts';
import { freePort } from './free-port.ts';

/** The service as its own processes: the real command line, everything at its defaults but the places. */
export interface Service {
  /** Address of the API, prefix included. */
  readonly api: string;
  /** The process that answers. */
  readonly server: Pick<Child, 'processorTime'>;
  stop(): Promise<void>;
}

export interface ServicePlaces {
  readonly directory: string;
  readonly databaseUrl: string;
}

const CLI = 'src/cli/main.ts';

/** Starts the API alone (`serve`), with a daemon that it wakes (`up`), or beside one that polls. */
export async function startService(
  places: ServicePlaces,
  shape: 'serve' | 'up' | 'serve and daemon',
): Promise<Service> {
  const port = await freePort();
  const environment = environmentFor(places, port);
  const children: Child[] = [];
  const start = (command: string): Child => {
    const log = join(places.directory, `${command}.log`);
    const child = startChild(CLI, [command], environment, log);
    children.push(child);
    return child;
  };
  const stop = async (): Promise<void> => {
    for (const child of children) await child.stop();
  };
  try {
    const server = start(shape === 'up' ? 'up' : 'serve');
    if (shape === 'serve and daemon') start('daemon');
    await server.waitFor(`http://127.0.0.1:${port}/readyz`);
    return { api: `http://127.0.0.1:${port}/ga4gh/wes/v1`, server, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function environmentFor({ directory, databaseUrl }: ServicePlaces, port: number) {
  return {
    DATA_DIR: directory,
    DATABASE_URL: databaseUrl,
    API_PORT: String(port),
    EXECUTOR: 'fake',
    // So that it never is the number of running runs that is measured.
    DAEMON_MAX_CONCURRENT_RUNS: '1000',
  };
}
