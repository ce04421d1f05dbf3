import { homedir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/db/open.ts';
import { startChild, type Child } from '../child.ts';
import { freePort } from '../free-port.ts';
import { memoryOf, type MemoryFigures } from '../memory.ts';

/** An API and a daemon, each a process of its own, on one SQLite database. */
export interface Deployment {
  readonly server: string;
  readonly databaseUrl: string;
  /** Undefined where the system does not tell. */
  memory(): { readonly api?: MemoryFigures; readonly daemon?: MemoryFigures };
  stop(): Promise<void>;
}

/** As it is installed: memory is a figure here, and the compiler's would be in it. */
const CLI = 'bin/wes.cjs';
/** Where the tests have theirs, so that a bench does not install another. */
export const ENGINES = join(homedir(), '.cache', 'ga4gh-wes-test', 'engines');

export async function startDeployment(
  directory: string,
  storage: Readonly<Record<string, string>>,
): Promise<Deployment> {
  const port = await freePort();
  const databaseUrl = `sqlite:${join(directory, 'wes.db')}`;
  const environment = {
    DATA_DIR: directory,
    DATABASE_URL: databaseUrl,
    API_PORT: String(port),
    ENGINE_INSTALL_DIR: ENGINES,
    CONTAINERS: 'none',
    DAEMON_POLL_INTERVAL: '0.2',
    ...storage,
  };
  await migrate(databaseUrl);
  const children: Child[] = [];
  const start = (command: string): Child => {
    const child = startChild(CLI, [command], environment, join(directory, `${command}.log`));
    children.push(child);
    return child;
  };
  const stop = async (): Promise<void> => {
    for (const child of children) await child.stop();
  };
  try {
    const api = start('serve');
    await api.waitFor(`http://127.0.0.1:${port}/readyz`);
    const daemon = start('daemon');
    const figures = () => ({
      ...named('api', memoryOf(api.processId())),
      ...named('daemon', memoryOf(daemon.processId())),
    });
    return { server: `http://127.0.0.1:${port}`, databaseUrl, memory: figures, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function migrate(databaseUrl: string): Promise<void> {
  const database = await openDatabase(databaseUrl);
  await database.migrate();
  await database.close();
}

function named(name: 'api' | 'daemon', figures: MemoryFigures | undefined) {
  return figures === undefined ? {} : { [name]: figures };
}
