import type { Config } from '../../config.ts';
import type { Cli } from '../cli.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { writeLine } from '../terminal.ts';
import { packageVersion } from '../version.ts';
import { apiPath } from '../wiring/api-path.ts';
import { aborted } from '../wiring/aborted.ts';
import { checkExposure } from '../wiring/authenticator.ts';
import {
  configurationFor,
  optionsAsArguments,
  type ListenOptions,
} from '../wiring/configuration.ts';
import { openAnyDatabase } from '../wiring/database.ts';
import { SupervisedChild, type ChildEnd } from './supervised-child.ts';

/** `wes up`: brings the database up to date, then keeps an API and a daemon running until it is stopped. */
export async function runUp(cli: Cli, options: ListenOptions): Promise<void> {
  const config = configurationFor(cli, options);
  checkExposure(config);
  await migrate(cli, config);
  const supervisor = new Supervisor(cli, config, options);
  cli.finish(await supervisor.run());
}

async function migrate(cli: Cli, config: Config): Promise<void> {
  const database = await openAnyDatabase(config);
  try {
    const applied = await database.migrate();
    if (applied.length > 0) {
      writeLine(cli.terminal.stdout, `Brought the database up to date: ${applied.join(', ')}`);
    }
  } finally {
    await database.close();
  }
}

class Supervisor {
  readonly #cli: Cli;
  readonly #config: Config;
  readonly #api: SupervisedChild;
  readonly #daemon: SupervisedChild;
  /** What each child said when it became ready for the first time. */
  readonly #facts = new Map<'API' | 'Daemon', readonly string[]>();
  readonly #failure = Promise.withResolvers<ExitCode>();

  constructor(cli: Cli, config: Config, options: ListenOptions) {
    this.#cli = cli;
    this.#config = config;
    this.#api = this.#child('API', () => ['serve', ...this.#apiArguments(options)]);
    const { config: file, set } = options;
    const daemonOptions = { ...(file === undefined ? {} : { config: file }), set: set ?? {} };
    this.#daemon = this.#child('Daemon', () => ['daemon', ...optionsAsArguments(daemonOptions)]);
  }

  async run(): Promise<ExitCode> {
    // Whatever ends this process, the children do not outlive it: they see the closed channel, and
    // a forced end does not wait for them.
    const killChildren = () => [this.#api, this.#daemon].forEach((child) => child.kill());
    process.once('exit', killChildren);
    this.#api.start();
    this.#daemon.start();
    const code = await Promise.race([this.#failure.promise, this.#stopWanted()]);
    await Promise.all([this.#api.stop(), this.#daemon.stop()]);
    process.off('exit', killChildren);
    return code;
  }

  async #stopWanted(): Promise<ExitCode> {
    await aborted(this.#cli.signal);
    writeLine(this.#cli.terminal.stdout, 'Stopping; Ctrl-C again to end at once.');
    return EXIT.ok;
  }

  #child(name: 'API' | 'Daemon', commandLine: () => readonly string[]): SupervisedChild {
    const environment = { ...this.#cli.environment };
    return new SupervisedChild(commandLine, environment, {
      onMessage: (message) => {
        if (message.type === 'changed') this.#daemon.tell({ type: 'wake' });
        else this.#ready(name, message.facts);
      },
      onFailedStart: (exitCode) => this.#failure.resolve(knownExitCode(exitCode)),
      onRestart: (end, pauseMs) => this.#tellRestart(name, end, pauseMs),
    });
  }

  /** Started again, the API listens where clients know it, also when its first port was any free one. */
  #apiArguments(options: ListenOptions): readonly string[] {
    const [address] = this.#facts.get('API') ?? [];
    const port = address === undefined ? undefined : new URL(address).port;
    return optionsAsArguments(port === undefined ? options : { ...options, port });
  }

  #ready(name: 'API' | 'Daemon', facts: readonly string[]): void {
    const isFirst = !this.#facts.has(name);
    this.#facts.set(name, facts);
    const [address] = this.#facts.get('API') ?? [];
    const engines = this.#facts.get('Daemon');
    if (!isFirst || address === undefined || engines === undefined) return;
    for (const line of banner(this.#config, address, engines)) {
      writeLine(this.#cli.terminal.stdout, line);
    }
  }

  #tellRestart(name: string, { exitCode, signal }: ChildEnd, pauseMs: number): void {
    const how = signal === undefined ? `exit status ${exitCode ?? 'unknown'}` : signal;
    const line = `${name} ended unexpectedly (${how}); it is started again in ${pauseMs} ms.`;
    writeLine(this.#cli.terminal.stderr, line);
  }
}

function knownExitCode(exitCode: number | undefined): ExitCode {
  return Object.values(EXIT).find((code) => code !== EXIT.ok && code === exitCode) ?? EXIT.failed;
}

function banner(config: Config, address: string, engines: readonly string[]): readonly string[] {
  const none = 'none found: stop, run `wes engines install cwltool`, start again';
  const rows = [
    ['API', `${address}${apiPath(config)}`],
    ['Docs', `${address}/docs`],
    ['Engines', engines.length === 0 ? none : engines.join(', ')],
    ['Access', accessHint(config)],
    ['Data', config.dataDir],
  ];
  return [
    `ga4gh-wes ${packageVersion()} is up. Ctrl-C stops it.`,
    ...rows.map(([title = '', value = '']) => `  ${title.padEnd(9)}${value}`),
  ];
}

function accessHint(config: Config): string {
  if (config.authMethod === 'basic') {
    return 'name and password (AUTH_METHOD=basic); add users with `wes users add NAME`';
  }
  return config.allowAnonymousRemote
    ? 'anyone who reaches the port (AUTH_METHOD=none, ALLOW_ANONYMOUS_REMOTE=true)'
    : 'anyone on this machine (AUTH_METHOD=none)';
}
