import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../bench/free-port.ts';
import { openDatabase, type Database } from '../src/db/open.ts';
import { until } from '../test/support/until.ts';
import { runCommand, startDatabase, type ChaosDatabase } from './database.ts';
import type { ChaosOptions } from './options.ts';
import { findProcesses, signal, type SeenProcess } from './processes.ts';
import { ServiceProcess } from './service-process.ts';

const PROJECT = join(import.meta.dirname, '..');
const MAIN = join(PROJECT, 'src', 'cli', 'main.ts');
const REGISTER = join(import.meta.dirname, 'substitutes', 'register.ts');
const START_MS = 90_000;
const LONGEST_LINE = 600;
const BEGUN = /"(api|daemon) started"/;

const LEASE_SECONDS = 3;

/** Real processes: two of the API, two daemons for real engines, two for simulated ones, a database. */
export class ChaosService {
  readonly root: string;
  readonly markDirectory: string;
  readonly apis: readonly ServiceProcess[];
  readonly apiBases: readonly string[];
  readonly daemons: readonly ServiceProcess[];
  readonly database: ChaosDatabase;
  /** Our own look into the database, beside the service. */
  readonly records: Database;

  private constructor(parts: {
    root: string;
    ports: readonly number[];
    database: ChaosDatabase;
    records: Database;
    plant: string | undefined;
  }) {
    const { root, ports, database, records, plant } = parts;
    this.root = root;
    this.markDirectory = join(root, 'marks');
    this.database = database;
    this.records = records;
    const base = { ...environmentIn(root, database.url), CHAOS_MARKS: this.markDirectory };
    const plan = (name: string, command: string, more: Readonly<Record<string, string>>) =>
      new ServiceProcess({
        name,
        argv: [process.execPath, '--import', REGISTER, MAIN, command],
        environment: { ...base, ...more },
        logFile: join(root, 'logs', name),
        isKept: true,
      });
    this.apis = ports.map((port, index) =>
      plan(`api-${index + 1}`, 'serve', { API_PORT: String(port), CHAOS_PART: 'api' }),
    );
    this.apiBases = ports.map((port) => `http://127.0.0.1:${port}`);
    const planted = plant === undefined ? {} : { CHAOS_PLANT: plant };
    this.daemons = ['local', 'local', 'fake', 'fake'].map((executor, index) =>
      plan(`daemon-${index + 1}-${executor}`, 'daemon', {
        EXECUTOR: executor,
        WORK_DIR: workDirectory(root, executor),
        ...planted,
      }),
    );
  }

  static async start(root: string, options: ChaosOptions): Promise<ChaosService> {
    for (const part of ['logs', 'marks', 'home']) await mkdir(join(root, part));
    const database = await startDatabase(options.database, root);
    const migrate = [process.execPath, MAIN, 'migrate'];
    await runCommand(migrate, environmentIn(root, database.url));
    const records = await openDatabase(database.url);
    const ports = [await freePort(), await freePort()];
    const service = new ChaosService({ root, ports, database, records, plant: options.plant });
    for (const one of [...service.apis, ...service.daemons]) one.start();
    return service;
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

  async offersCwl(): Promise<boolean> {
    const info = await fetch(`${this.apiBases[0]}/ga4gh/wes/v1/service-info`);
    return (await info.text()).includes('"CWL"');
  }

  /** Everything goes on, and what is dead is started: the end of all faults. */
  heal(): void {
    this.database.locker?.signal('SIGKILL');
    for (const one of this.#all()) {
      one.signal('SIGCONT');
      one.start();
    }
  }

  /** Processes of runs; with an id, of this run. */
  async runProcesses(runId?: string): Promise<readonly SeenProcess[]> {
    const marker = runId === undefined ? undefined : `WES_RUN_ID=${runId}`;
    const below = join(this.root, 'work-');
    return await findProcesses(({ environment, commandLine }) =>
      marker === undefined
        ? environment.some((entry) => entry.includes(below) && !entry.startsWith('WORK_DIR='))
        : environment.includes(marker) ||
          environment.some((entry) => entry.includes(`/${runId}/`)) ||
          commandLine.includes(`/${runId}/`),
    );
  }

  /** Run directories that are there. */
  async workDirectories(): Promise<readonly string[]> {
    const of = async (executor: string) => {
      const directory = workDirectory(this.root, executor);
      const names = await readdir(directory).catch(() => []);
      return names.map((name) => join(directory, name));
    };
    return (await Promise.all(['local', 'fake'].map(of))).flat();
  }

  /** Lines of the service's logs that name the text, the last ones. */
  async logLines(text: string, most: number): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { name } of this.#all()) {
      const log = await readFile(join(this.root, 'logs', name), 'utf8').catch(() => '');
      const isTelling = (line: string) => line.includes(text) && !line.includes('request answered');
      const lines = log.split('\n').filter(isTelling);
      found.push(...lines.map((line) => `${timeOf(line)} ${name} ${line.slice(0, LONGEST_LINE)}`));
    }
    return found.sort().slice(-most);
  }

  /** Names and ids of processes that had begun their work and then ended without being told to. */
  async crashes(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { name, endedByThemselves } of this.#all()) {
      const log = await readFile(join(this.root, 'logs', name), 'utf8').catch(() => '');
      // At its start a process may find no database, and say so.
      const hasBegun = (pid: number) =>
        log.split('\n').some((line) => line.includes(`"pid":${pid},`) && BEGUN.test(line));
      found.push(...endedByThemselves.filter(hasBegun).map((pid) => `${name} ${pid}`));
    }
    return found;
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
    await this.records.close().catch(() => undefined);
    for (const one of [...this.#all(), this.database.locker]) one?.signal('SIGKILL');
    // Started by runs of ours: their environment names our directory.
    const mine = ({ environment, commandLine }: SeenProcess) =>
      commandLine.includes(this.root) || environment.some((entry) => entry.includes(this.root));
    for (let left = await findProcesses(mine); left.length > 0; left = await findProcesses(mine)) {
      for (const { pid } of left) signal(pid, 'SIGKILL');
    }
    if (!isKept) await rm(this.root, { recursive: true, force: true, maxRetries: 5 });
  }

  #all(): readonly ServiceProcess[] {
    const { server } = this.database;
    return [...(server === undefined ? [] : [server]), ...this.apis, ...this.daemons];
  }
}

function workDirectory(root: string, executor: string): string {
  return join(root, `work-${executor}`);
}

function timeOf(line: string): string {
  return /"time":(\d+)/.exec(line)?.[1] ?? '';
}

function environmentIn(root: string, databaseUrl: string): Readonly<Record<string, string>> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: join(root, 'home'),
    DATA_DIR: join(root, 'data'),
    DATABASE_URL: databaseUrl,
    NODE_COMPILE_CACHE: join(PROJECT, '.cache', 'compile'),
    DAEMON_LEASE: String(LEASE_SECONDS),
    DAEMON_HEARTBEAT: '0.5',
    DAEMON_POLL_INTERVAL: '0.2',
    DAEMON_MAX_CONCURRENT_RUNS: '6',
    CANCEL_GRACE: '1',
    // High, so that what the service must survive never costs a run.
    RUN_MAX_ATTEMPTS: '50',
    LOG_LEVEL: 'info',
  };
}
