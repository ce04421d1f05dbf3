import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../bench/free-port.ts';
import { openDatabase, type Database } from '../src/db/open.ts';
import { until } from '../test/support/until.ts';
import { findGroups } from './control-groups.ts';
import { runCommand, startDatabase, type ChaosDatabase } from './database.ts';
import { Disks } from './disks.ts';
import { Network } from './network.ts';
import type { ChaosOptions } from './options.ts';
import { placesIn, type Places } from './places.ts';
import { findProcesses, signal, type SeenProcess } from './processes.ts';
import { ServiceLogs } from './service-logs.ts';
import { ServiceProcess } from './service-process.ts';
import {
  EXECUTORS,
  MAIN,
  REGISTER,
  serviceSettings,
  workDirectory,
  type ExecutorName,
} from './service-settings.ts';
import { userSettings } from './users.ts';

const START_MS = 90_000;
const APIS = 2;
const DAEMONS: readonly ExecutorName[] = ['local', 'local', 'fake', 'fake'];

interface Parts {
  readonly places: Places;
  readonly ports: readonly number[];
  readonly database: ChaosDatabase;
  readonly network: Network;
  readonly disks: Disks;
  readonly records: Database;
  readonly users: Readonly<Record<string, string>>;
  readonly plant: string | undefined;
}

/** Real processes: two of the API, two daemons for real engines, two for simulated ones, a database. */
export class ChaosService {
  readonly places: Places;
  readonly apis: readonly ServiceProcess[];
  readonly apiBases: readonly string[];
  readonly daemons: readonly ServiceProcess[];
  readonly database: ChaosDatabase;
  readonly network: Network;
  readonly disks: Disks;
  /** Our own look into the database, beside the service. */
  readonly records: Database;

  private constructor({ places, ports, database, network, disks, records, users, plant }: Parts) {
    this.places = places;
    this.database = database;
    this.network = network;
    this.disks = disks;
    this.records = records;
    const plan = (
      name: string,
      index: number,
      command: string,
      more: Readonly<Record<string, string>>,
    ) =>
      new ServiceProcess({
        name,
        argv: [process.execPath, '--import', REGISTER, MAIN, command],
        environment: {
          ...serviceSettings(places, network.urlFor(index)),
          ...(plant !== undefined && { CHAOS_PLANT: plant }),
          ...more,
        },
        logFile: join(places.logs, name),
        isKept: true,
      });
    this.apis = ports.map((port, index) =>
      plan(`api-${index + 1}`, index, 'serve', {
        ...users,
        API_PORT: String(port),
        CHAOS_PART: 'api',
      }),
    );
    this.apiBases = ports.map((port) => `http://127.0.0.1:${port}`);
    this.daemons = DAEMONS.map((executor, index) =>
      plan(`daemon-${index + 1}-${executor}`, APIS + index, 'daemon', {
        EXECUTOR: executor,
        WORK_DIR: workDirectory(places, executor),
      }),
    );
  }

  static async start(root: string, options: ChaosOptions): Promise<ChaosService> {
    const places = placesIn(root);
    const { logs, marks, home, temporary, data, work } = places;
    for (const path of [logs, marks, home, temporary, data, work]) await mkdir(path);
    const disks = await Disks.mount(places);
    try {
      const database = await startDatabase(options.database, places);
      const migrate = [process.execPath, MAIN, 'migrate'];
      await runCommand(migrate, serviceSettings(places, database.url));
      const service = new ChaosService({
        places,
        ports: await Promise.all(Array.from({ length: APIS }, freePort)),
        database,
        network: await Network.lay(database, APIS + DAEMONS.length),
        disks,
        records: await openDatabase(database.url),
        users: await userSettings(),
        plant: options.plant,
      });
      for (const one of [...service.apis, ...service.daemons]) one.start();
      return service;
    } catch (error) {
      await disks.unmount();
      throw error;
    }
  }

  /** Resolves when every process answers, or is registered. */
  async ready(): Promise<void> {
    const isUp = async (base: string) =>
      await fetch(`${base}/readyz`, { signal: AbortSignal.timeout(5000) }).then(
        (answer) => answer.ok,
        () => false,
      );
    await until(
      async () => {
        const registered = await this.records.daemons.list().catch(() => []);
        const pids = new Set(registered.map(({ processId }) => processId));
        const areRegistered = this.daemons.every(({ pid }) => pid !== undefined && pids.has(pid));
        return areRegistered && !(await Promise.all(this.apiBases.map(isUp))).includes(false);
      },
      { timeoutMs: START_MS, message: 'The service did not start; see its logs' },
    );
  }

  /** Everything goes on, and what is dead is started: the end of all faults. */
  heal(): void {
    this.network.restore();
    for (const one of this.#besides()) one.signal('SIGKILL');
    for (const one of this.#all()) {
      one.signal('SIGCONT');
      one.start();
    }
  }

  /** Processes of runs; with an id, of this run. */
  async runProcesses(runId?: string): Promise<readonly SeenProcess[]> {
    const marker = runId === undefined ? undefined : `WES_RUN_ID=${runId}`;
    const below = `${this.places.work}/`;
    return await findProcesses(({ environment, commandLine }) =>
      marker === undefined
        ? environment.some((entry) => entry.includes(below) && !entry.startsWith('WORK_DIR='))
        : environment.includes(marker) ||
          environment.some((entry) => entry.includes(`/${runId}/`)) ||
          commandLine.includes(`/${runId}/`),
    );
  }

  /** Run directories and temporary files that are there. */
  async leftFiles(): Promise<readonly string[]> {
    const work = EXECUTORS.map((executor) => workDirectory(this.places, executor));
    const of = async (directory: string) => {
      const names = await readdir(directory).catch(() => []);
      return names.map((name) => join(directory, name));
    };
    return (await Promise.all([...work, this.places.temporary].map(of))).flat();
  }

  /** Control groups of these runs. */
  async leftGroups(isOurs: (runId: string) => boolean): Promise<readonly string[]> {
    return await findGroups(isOurs);
  }

  /** What the processes of the service wrote. */
  logs(): ServiceLogs {
    return new ServiceLogs(this.places.logs, this.#all());
  }

  /** Ends all processes in order; the names of those that did not hear. */
  async stop(): Promise<readonly string[]> {
    const ended = await Promise.all(
      [...this.apis, ...this.daemons].map(
        async (one) => [one.name, await one.end(30_000)] as const,
      ),
    );
    return ended.filter(([, isInOrder]) => !isInOrder).map(([name]) => name);
  }

  /** By force, and at once: nothing that was started here is left. */
  async destroy(isKept: boolean): Promise<void> {
    const { root } = this.places;
    await this.records.close().catch(() => undefined);
    for (const one of [...this.#all(), ...this.#besides()]) one.signal('SIGKILL');
    // Started by runs of ours: their environment names our directory.
    const mine = ({ environment, commandLine }: SeenProcess) =>
      commandLine.includes(root) || environment.some((entry) => entry.includes(root));
    for (let left = await findProcesses(mine); left.length > 0; left = await findProcesses(mine)) {
      for (const { pid } of left) signal(pid, 'SIGKILL');
    }
    await this.network.close();
    if (isKept) return;
    await this.disks.unmount();
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
  }

  #all(): readonly ServiceProcess[] {
    const { server } = this.database;
    return [...(server === undefined ? [] : [server]), ...this.apis, ...this.daemons];
  }

  #besides(): readonly ServiceProcess[] {
    const { file } = this.database;
    return file === undefined ? [] : [file.locker, file.writer];
  }
}
