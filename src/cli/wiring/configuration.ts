import { resolve } from 'node:path';
import type { Command } from 'commander';
import { loadConfig, type Config } from '../../config.ts';
import type { Cli } from '../cli.ts';
import { UsageError } from '../exit-codes.ts';
import { SETTINGS } from '../../settings.ts';
import { collectedPair } from '../option-values.ts';

/** The options that every operator command takes. */
export interface ConfigurationOptions {
  readonly config?: string;
  readonly set?: Readonly<Record<string, string>>;
}

/** Those of the commands that listen. */
export interface ListenOptions extends ConfigurationOptions {
  readonly host?: string;
  readonly port?: string;
}

export function withConfigurationOptions(command: Command): Command {
  return command
    .option('--config <file>', 'file of settings, as lines of NAME=value')
    .option('--set <NAME=value>', 'a setting, stronger than file and environment', collectedPair);
}

export function withListenOptions(command: Command): Command {
  return withConfigurationOptions(command)
    .option('--host <address>', 'address to listen on (API_HOST)')
    .option('--port <port>', 'port to listen on, 0 for a free one (API_PORT)');
}

const SETTING_NAMES: ReadonlySet<string> = new Set(
  Object.values(SETTINGS).map((setting) => setting.env),
);

/** @throws ConfigError for what does not fit; UsageError for `--set` of what is no setting. */
export function configurationFor(cli: Cli, options: ListenOptions): Config {
  const unknown = Object.keys(options.set ?? {}).find((name) => !SETTING_NAMES.has(name));
  if (unknown !== undefined) throw new UsageError(`--set: ${unknown} is no setting`);
  return loadConfig({
    environment: cli.environment,
    overrides: { ...options.set, API_HOST: options.host, API_PORT: options.port },
    ...(options.config === undefined
      ? {}
      : { file: resolve(cli.workingDirectory, options.config) }),
  });
}

/** The same options as words of a command line, for a child process. */
export function optionsAsArguments(options: ListenOptions): readonly string[] {
  const { config, set = {}, host, port } = options;
  return [
    ...(config === undefined ? [] : [`--config=${config}`]),
    ...Object.entries(set).map(([name, value]) => `--set=${name}=${value}`),
    ...(host === undefined ? [] : [`--host=${host}`]),
    ...(port === undefined ? [] : [`--port=${port}`]),
  ];
}
