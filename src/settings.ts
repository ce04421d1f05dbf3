import Type, { type Static, type TSchema } from 'typebox';
import { EXECUTION_SETTINGS } from './execution-settings.ts';
import { STORAGE_SETTINGS } from './storage-settings.ts';
import { STAGING_PROTOCOL_SETTINGS } from './staging-protocol-settings.ts';
import { STAGING_SETTINGS } from './staging-settings.ts';
import { choice, flag, integer, list, optional, seconds, text } from './setting-forms.ts';

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
  ...STORAGE_SETTINGS,

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
  uploadScanner: optional(
    'UPLOAD_SCANNER',
    'Scanner of attachments for malware, ClamAV: `clamd://host:port` or `clamd+unix:///path/of/the/socket`; none by default.',
  ),
  uploadScannerFailure: choice(
    'UPLOAD_SCANNER_FAILURE',
    ['refuse', 'accept'],
    'refuse',
    'What becomes of attachments that UPLOAD_SCANNER can not scan, because it is not reached or its limits are exceeded: `refuse` the request, or `accept` them unscanned.',
  ),
  maxRequestFieldBytes: integer(
    'MAX_REQUEST_FIELD_BYTES',
    4 * BYTES_PER_MEBIBYTE,
    1024,
    512 * BYTES_PER_MEBIBYTE,
    'Largest field of a request other than an attachment (workflow_params, say), in bytes.',
  ),
  validateRequests: flag(
    'VALIDATE_REQUESTS',
    true,
    'Whether a workflow and its inputs are checked by the engine (cwltool, miniwdl) before they are queued, where it is installed beside the API.',
  ),
  validationTimeout: seconds(
    'VALIDATION_TIMEOUT',
    5,
    0.1,
    60,
    'How long such a check may take; after that the run is queued without.',
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

  ...EXECUTION_SETTINGS,
  ...STAGING_SETTINGS,
  ...STAGING_PROTOCOL_SETTINGS,

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

type SettingSchemas = { readonly [Name in SettingName]: (typeof SETTINGS)[Name]['schema'] };

const SCHEMAS = Object.fromEntries(
  Object.entries(SETTINGS).map(([name, setting]) => [name, setting.schema]),
) as SettingSchemas; // fromEntries forgets which key has which schema

export const CONFIG_SCHEMA = Type.Object(SCHEMAS, { additionalProperties: false });
export type Config = Readonly<Static<typeof CONFIG_SCHEMA>>;
