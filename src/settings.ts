import Type, { type Static, type TSchema } from 'typebox';

/**
 * Every setting of the service: its environment variable, form, default and description. The command
 * line's help and docs/configuration.md are printed from this table, so it is the manual.
 *
 * A default may name another setting as `${NAME}`; `${HOME_DATA}` is the user's data directory.
 */
const BYTES_PER_MEBIBYTE = 1024 * 1024;

export const SETTINGS = {
  dataDir: text(
    'DATA_DIR',
    '${HOME_DATA}',
    'Directory for all that has no place of its own below.',
  ),
  databaseUrl: text(
    'DATABASE_URL',
    'sqlite:${DATA_DIR}/wes.db',
    'Database: `sqlite:PATH`, `mysql://user:password@host:3306/name` (MySQL and MariaDB; `mysql+aiomysql://` is taken too) or `postgres://user:password@host:5432/name`.',
  ),
  databaseTimeout: seconds(
    'DATABASE_TIMEOUT',
    15,
    0,
    3600,
    'How long a MySQL or PostgreSQL server may say nothing while an answer is due, before its connection is given up; 0 for ever. Changes of the schema may take longer.',
  ),
  storageBackend: choice(
    'STORAGE_BACKEND',
    ['local'],
    'local',
    'Where attachments, logs and outputs live.',
  ),
  localStoragePath: text(
    'LOCAL_STORAGE_PATH',
    '${DATA_DIR}/storage',
    'Root of the local storage. API and daemon must see the same directory.',
  ),

  apiHost: text('API_HOST', '127.0.0.1', 'Address that the API listens on.'),
  apiPort: integer(
    'API_PORT',
    8080,
    0,
    65_535,
    'Port that the API listens on; 0 takes a free one.',
  ),
  apiPrefix: text('API_PREFIX', '/ga4gh/wes/v1', 'Path below which the WES operations are served.'),
  publicUrl: optional(
    'PUBLIC_URL',
    'Address under which clients reach the API (scheme, host, port), used in the addresses it gives out. Without it the Host header of the request is used.',
  ),
  trustProxy: flag(
    'TRUST_PROXY',
    false,
    'Believe X-Forwarded-For, -Proto and -Host: only behind a proxy that sets them.',
  ),
  corsOrigins: list(
    'CORS_ORIGINS',
    'Origins whose pages may call the API from a browser; `*` for any.',
  ),
  maxAttachments: integer('MAX_ATTACHMENTS', 1000, 0, 100_000, 'Most attachments in one request.'),
  maxAttachmentBytes: integer(
    'MAX_ATTACHMENT_BYTES',
    100 * 1024 * BYTES_PER_MEBIBYTE,
    1,
    Number.MAX_SAFE_INTEGER,
    'Largest attachment, in bytes.',
  ),
  maxRequestFieldBytes: integer(
    'MAX_REQUEST_FIELD_BYTES',
    4 * BYTES_PER_MEBIBYTE,
    1024,
    512 * BYTES_PER_MEBIBYTE,
    'Largest field of a request other than an attachment (workflow_params, say), in bytes.',
  ),
  userMaxQueuedRuns: integer(
    'USER_MAX_QUEUED_RUNS',
    0,
    0,
    10_000_000,
    'Most runs of one user, admins included, that may wait in the queue at once; 0 for no limit.',
  ),
  userMaxPriority: integer(
    'USER_MAX_PRIORITY',
    0,
    0,
    10,
    'Highest priority that users may give their runs; admins may give any, up to 10.',
  ),
  defaultPageSize: integer(
    'DEFAULT_PAGE_SIZE',
    50,
    1,
    10_000,
    'Length of a page when none is asked for.',
  ),
  maxPageSize: integer(
    'MAX_PAGE_SIZE',
    1000,
    1,
    10_000,
    'Longest page; longer wishes are cut to it.',
  ),
  outputLocations: choice(
    'OUTPUT_LOCATIONS',
    ['api', 'storage'],
    'api',
    "Addresses in `outputs`: `api`, fetched from this service with the client's credentials, or `storage`, the storage's own.",
  ),
  allowedFileRoots: list(
    'ALLOWED_FILE_ROOTS',
    'Absolute directories below which workflows and inputs may be named as `file:` addresses; none by default.',
  ),

  authMethod: choice('AUTH_METHOD', ['none', 'basic'], 'none', 'How clients show who they are.'),
  allowAnonymousRemote: flag(
    'ALLOW_ANONYMOUS_REMOTE',
    false,
    'With AUTH_METHOD=none, listen on other addresses than loopback: anyone who reaches the port may then run programs on this machine.',
  ),
  basicAuthUsers: optional(
    'BASIC_AUTH_USERS',
    'Users of HTTP Basic, as `name:hash,name:hash`, hashes argon2id or bcrypt; more users can be kept in the database with `wes users`.',
  ),
  basicAuthAdmins: list(
    'BASIC_AUTH_ADMINS',
    'Names from BASIC_AUTH_USERS that see and manage all runs.',
  ),

  serviceId: text(
    'SERVICE_ID',
    'org.example.wes',
    'Identity of the service in service-info, in reverse domain order.',
  ),
  serviceName: text('SERVICE_NAME', 'GA4GH WES', 'Name of the service in service-info.'),
  serviceDescription: optional(
    'SERVICE_DESCRIPTION',
    'Description of the service in service-info.',
  ),
  serviceOrganization: text(
    'SERVICE_ORGANIZATION',
    'Unnamed organization',
    'Who provides the service.',
  ),
  serviceOrganizationUrl: text(
    'SERVICE_ORGANIZATION_URL',
    'https://example.org',
    "The organization's web address.",
  ),
  serviceContactUrl: optional('SERVICE_CONTACT_URL', 'Contact: `mailto:` or a web address.'),
  serviceDocumentationUrl: optional(
    'SERVICE_DOCUMENTATION_URL',
    'Documentation of this deployment.',
  ),
  serviceEnvironment: optional('SERVICE_ENVIRONMENT', 'prod, test, dev or staging.'),
  serviceTags: list('SERVICE_TAGS', 'Further facts for service-info, as `key=value`.'),
  authInstructionsUrl: text(
    'AUTH_INSTRUCTIONS_URL',
    'https://example.org',
    'Page that tells people how to get credentials.',
  ),

  executor: choice(
    'EXECUTOR',
    ['local', 'fake'],
    'local',
    'Where engines run: `local`, on the machine of the daemon; `fake` executes nothing and is for tests.',
  ),
  engineInstallDir: text(
    'ENGINE_INSTALL_DIR',
    '${DATA_DIR}/engines',
    'Where `wes engines install` puts engines that it installs.',
  ),
  workDir: text(
    'WORK_DIR',
    '${DATA_DIR}/work',
    'Private directories of running runs, on the machine of the daemon.',
  ),
  keepWorkDirectories: choice(
    'KEEP_WORK_DIRECTORIES',
    ['never', 'failed', 'always'],
    'never',
    "Which ended runs' work directories stay on the daemon's disk.",
  ),
  daemonPollInterval: seconds(
    'DAEMON_POLL_INTERVAL',
    1,
    0.05,
    3600,
    'How often a daemon looks for new and cancelled runs.',
  ),
  daemonMaxConcurrentRuns: integer(
    'DAEMON_MAX_CONCURRENT_RUNS',
    4,
    1,
    10_000,
    'Most runs that one daemon executes at once.',
  ),
  userMaxConcurrentRuns: integer(
    'USER_MAX_CONCURRENT_RUNS',
    0,
    0,
    1_000_000,
    'Most runs of one user that all daemons together execute at once; 0 for no limit. Give every daemon the same.',
  ),
  engineMaxConcurrentRuns: list(
    'ENGINE_MAX_CONCURRENT_RUNS',
    'Most runs of an engine that all daemons together execute at once, as `engine=number`. Give every daemon the same.',
  ),
  minFreeDiskBytes: integer(
    'MIN_FREE_DISK_BYTES',
    256 * BYTES_PER_MEBIBYTE,
    0,
    Number.MAX_SAFE_INTEGER,
    'With less free space below WORK_DIR a daemon begins no run; 0 for no such limit.',
  ),
  daemonHeartbeat: seconds(
    'DAEMON_HEARTBEAT',
    5,
    0.1,
    600,
    'How often a daemon shows that it lives.',
  ),
  daemonLease: seconds(
    'DAEMON_LEASE',
    30,
    0.5,
    3600,
    'How long a daemon may be silent before others take over its runs; several heartbeats.',
  ),
  daemonDrain: choice(
    'DAEMON_DRAIN',
    ['handover', 'wait'],
    'handover',
    'On SIGTERM: `handover` leaves running engines to the next daemon on this machine, `wait` finishes its runs first.',
  ),
  cancelGrace: seconds(
    'CANCEL_GRACE',
    3,
    0,
    600,
    'Time between the polite signal and the forced end of a cancelled run.',
  ),
  runMaxAttempts: integer(
    'RUN_MAX_ATTEMPTS',
    3,
    1,
    100,
    'How often a run is started again after its machine was lost.',
  ),
  runCores: integer(
    'RUN_CORES',
    0,
    0,
    4096,
    'Cores that one run may use at once; 0 for all of the machine.',
  ),

  runTimeout: seconds(
    'RUN_TIMEOUT',
    0,
    0,
    315_360_000,
    'How long the engine may work on one run, pauses not counted; 0 for ever. A run may ask for less by its engine parameter `timeout`.',
  ),
  runMemoryLimitBytes: integer(
    'RUN_MEMORY_LIMIT_BYTES',
    0,
    0,
    Number.MAX_SAFE_INTEGER,
    'Memory that all processes of one run may have together, in bytes; 0 for no limit.',
  ),
  runCpuLimit: number(
    'RUN_CPU_LIMIT',
    0,
    0,
    4096,
    'Cores whose time all processes of one run may use together, also a part of one (0.5); 0 for no limit.',
  ),
  runProcessLimit: integer(
    'RUN_PROCESS_LIMIT',
    0,
    0,
    4_000_000,
    'Processes and threads that one run may have at once; 0 for no limit.',
  ),

  keepRunsDays: integer(
    'KEEP_RUNS_DAYS',
    0,
    0,
    36_500,
    'Days after its end at which a run is removed with all that belongs to it; 0 keeps it for ever.',
  ),
  keepLogsDays: integer(
    'KEEP_LOGS_DAYS',
    0,
    0,
    36_500,
    'Days after the end of a run at which its logs are removed from storage; 0 keeps them as long as the run.',
  ),
  keepWorkDirectoriesDays: integer(
    'KEEP_WORK_DIRECTORIES_DAYS',
    0,
    0,
    36_500,
    'Days after the end of a run at which a work directory that KEEP_WORK_DIRECTORIES kept is removed; 0 keeps it as long as the run.',
  ),

  logLevel: choice(
    'LOG_LEVEL',
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    'info',
    'Least severe log line that is written; the log goes to stderr as JSON lines.',
  ),
};

export type SettingName = keyof typeof SETTINGS;

/** One row of the table. `fallback` is undefined where the setting may be absent. */
export interface Setting<Schema extends TSchema = TSchema> {
  readonly env: string;
  readonly kind: 'text' | 'integer' | 'seconds' | 'number' | 'flag' | 'list' | 'choice';
  readonly fallback: unknown;
  readonly description: string;
  /** What a value must be, in words. */
  readonly takes: string;
  readonly schema: Schema;
}

function text(env: string, fallback: string, description: string) {
  const schema = Type.String({ minLength: 1 });
  return { env, kind: 'text' as const, fallback, description, takes: 'text', schema };
}
function optional(env: string, description: string) {
  const schema = Type.Optional(Type.String({ minLength: 1 }));
  return { env, kind: 'text' as const, fallback: undefined, description, takes: 'text', schema };
}
function integer(
  env: string,
  fallback: number,
  minimum: number,
  maximum: number,
  description: string,
) {
  const schema = Type.Integer({ minimum, maximum });
  const takes = `a whole number from ${minimum} to ${maximum}`;
  return { env, kind: 'integer' as const, fallback, description, takes, schema };
}
function seconds(
  env: string,
  fallback: number,
  minimum: number,
  maximum: number,
  description: string,
) {
  const schema = Type.Number({ minimum, maximum });
  const takes = `a number of seconds from ${minimum} to ${maximum}`;
  return { env, kind: 'seconds' as const, fallback, description, takes, schema };
}
function number(
  env: string,
  fallback: number,
  minimum: number,
  maximum: number,
  description: string,
) {
  const takes = `a number from ${minimum} to ${maximum}`;
  return {
    ...seconds(env, fallback, minimum, maximum, description),
    kind: 'number' as const,
    takes,
  };
}
function flag(env: string, fallback: boolean, description: string) {
  const schema = Type.Boolean();
  return { env, kind: 'flag' as const, fallback, description, takes: 'true or false', schema };
}
function list(env: string, description: string) {
  const schema = Type.Array(Type.String({ minLength: 1 }));
  const takes = 'a list separated by commas';
  return { env, kind: 'list' as const, fallback: [], description, takes, schema };
}
function choice<const T extends readonly string[]>(
  env: string,
  values: T,
  fallback: T[number],
  description: string,
) {
  const schema = Type.Unsafe<T[number]>(Type.String({ enum: [...values] }));
  const takes = values.length === 1 ? `\`${values.join()}\`` : `one of ${values.join(', ')}`;
  return { env, kind: 'choice' as const, fallback, description, takes, schema };
}

type SettingSchemas = { readonly [Name in SettingName]: (typeof SETTINGS)[Name]['schema'] };

const SCHEMAS = Object.fromEntries(
  Object.entries(SETTINGS).map(([name, setting]) => [name, setting.schema]),
) as SettingSchemas; // fromEntries forgets which key has which schema

export const CONFIG_SCHEMA = Type.Object(SCHEMAS, { additionalProperties: false });
export type Config = Readonly<Static<typeof CONFIG_SCHEMA>>;
