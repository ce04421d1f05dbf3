import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import Value from 'typebox/value';
import { CONFIG_SCHEMA, SETTINGS, type Config, type SettingName } from './settings.ts';

export type { Config } from './settings.ts';

export interface ConfigSources {
  /** A file of `NAME=value` lines, names as in the environment. */
  readonly file?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** From the command line, keyed by environment name; strongest. */
  readonly overrides?: Readonly<Record<string, string | undefined>>;
}

/** The configuration can't be used; the message names each setting that is wrong and what it takes. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
  }
}

const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[]; // keys of the table itself
const PATH_SETTINGS: readonly SettingName[] = [
  'dataDir',
  'localStoragePath',
  'engineInstallDir',
  'workDir',
  'engineCacheDir',
];

/**
 * Puts the configuration together: default < file < environment < override.
 * @throws ConfigError for unknown names in the file and for values that do not fit.
 */
export function loadConfig(sources: ConfigSources): Config {
  const fromFile = sources.file === undefined ? {} : readSettingsFile(sources.file);
  const given = {
    ...present(fromFile),
    ...present(sources.environment),
    ...present(sources.overrides),
  };
  const values: Record<string, unknown> = {};
  for (const name of SETTING_NAMES) {
    const raw = given[SETTINGS[name].env];
    if (raw !== undefined) values[name] = parseValue(name, raw);
  }
  const complete = expandDefaults(values, given);
  const misfits = Value.Errors(CONFIG_SCHEMA, complete).map((error) => error.instancePath);
  const wrong = SETTING_NAMES.filter((name) => misfits.some((path) => path.split('/')[1] === name));
  if (wrong.length > 0) {
    throw new ConfigError(
      wrong.map((name) => `${SETTINGS[name].env}: must be ${SETTINGS[name].takes}`),
    );
  }
  const config = complete as Config; // checked against the schema just above
  checkStorage(config);
  return withAbsolutePaths(config);
}

/** What each setting by itself can't show. */
function checkStorage({ storageBackend, s3BucketName, s3EndpointUrl }: Config): void {
  if (storageBackend !== 's3') return;
  if (s3BucketName === undefined)
    throw new ConfigError(['S3_BUCKET_NAME: must be given with STORAGE_BACKEND=s3']);
  if (s3EndpointUrl === undefined) return;
  const protocol = URL.canParse(s3EndpointUrl) ? new URL(s3EndpointUrl).protocol : undefined;
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new ConfigError([
      'S3_ENDPOINT_URL: must be an address that begins with http:// or https://',
    ]);
}

function readSettingsFile(file: string): Readonly<Record<string, string | undefined>> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([`The configuration file ${file} can't be read: ${String(error)}`]);
  }
  const values = parseEnv(text);
  const known = new Set<string>(SETTING_NAMES.map((name) => SETTINGS[name].env));
  const unknown = Object.keys(values).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new ConfigError(
      unknown.map(
        (name) => `${file}: ${name} is no setting; see docs/configuration.md for all of them.`,
      ),
    );
  }
  return values;
}

/** An empty variable counts as not set: that is how container platforms unset one. */
function present(
  values: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(set) as Record<string, string>; // undefined was filtered out
}

function parseValue(name: SettingName, raw: string): unknown {
  const { kind } = SETTINGS[name];
  if (kind === 'list') {
    return raw
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }
  if (kind === 'flag') return parseFlag(raw);
  if (kind === 'integer' || kind === 'seconds' || kind === 'number') return parseNumber(raw);
  return raw;
}

function parseFlag(raw: string): unknown {
  const word = raw.toLowerCase();
  if (['true', 'yes', 'on', '1'].includes(word)) return true;
  if (['false', 'no', 'off', '0'].includes(word)) return false;
  return raw;
}

function parseNumber(raw: string): unknown {
  const number = Number(raw);
  return raw.trim() === '' || Number.isNaN(number) ? raw : number;
}

function expandDefaults(
  values: Record<string, unknown>,
  given: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const home = given.XDG_DATA_HOME ?? join(homedir(), '.local', 'share');
  const complete: Record<string, unknown> = { ...values };
  // The table lists a setting after those that its default names, so one pass is enough.
  for (const name of SETTING_NAMES) {
    const fallback: unknown = SETTINGS[name].fallback;
    if (complete[name] !== undefined || fallback === undefined) continue;
    complete[name] =
      typeof fallback === 'string'
        ? fallback
            .replace('${HOME_DATA}', () => join(home, 'ga4gh-wes'))
            .replace('${DATA_DIR}', () => resolve(String(complete.dataDir)))
        : fallback;
  }
  return complete;
}

function withAbsolutePaths(config: Config): Config {
  const paths = Object.fromEntries(
    PATH_SETTINGS.map((name) => [name, resolve(String(config[name]))]),
  );
  const relativeRoot = config.allowedFileRoots.find((root) => !isAbsolute(root));
  if (relativeRoot !== undefined) {
    throw new ConfigError([`ALLOWED_FILE_ROOTS: "${relativeRoot}" must be an absolute path`]);
  }
  return { ...config, ...paths };
}
