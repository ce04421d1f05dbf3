import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { buildApp } from '../../api/app.ts';
import type { ApiSettings, ServiceDescription } from '../../api/context.ts';
import { ConfigError, type Config } from '../../config.ts';
import type { Database } from '../../db/open.ts';
import { createRunService } from '../../runs/run-service.ts';
import { packageVersion } from '../version.ts';
import { apiPath } from './api-path.ts';
import { createAuthenticator } from './authenticator.ts';
import { createCatalog } from './engines.ts';
import { createUploadScanning } from './scanner.ts';
import { stagedSchemes } from './staging.ts';
import { createStorage } from './storage.ts';
import { createValidator } from './validator.ts';

export interface RunningApi {
  /** Scheme, host and port that it listens on. */
  readonly address: string;
  /** Takes no more connections, answers what is under way, then resolves. */
  close(): Promise<void>;
}

export interface ApiOptions {
  readonly logger: Logger;
  /** PATH for engines that check requests. */
  readonly searchPath: string;
  readonly onChange?: (runId: string) => void;
}

/**
 * Puts the API together and lets it listen.
 * @throws ConfigError when the address is taken or can't be listened on.
 */
export async function startApi(
  config: Config,
  database: Database,
  options: ApiOptions,
): Promise<RunningApi> {
  const { logger, onChange, searchPath } = options;
  const scanning = createUploadScanning(config);
  const storage = await createStorage(config);
  const { catalog, installed } = createCatalog(config, database.daemons);
  const validatorParts = { installed, catalog, storage, searchPath, logger };
  const validator = await createValidator(config, validatorParts);
  const app = await buildApp({
    runs: createRunService({
      store: database.runs,
      catalog,
      allowedFileRoots: config.allowedFileRoots,
      workflowSchemes: stagedSchemes().workflowSchemes,
      limits: { userMaxPriority: config.userMaxPriority, maxQueuedRuns: config.userMaxQueuedRuns },
      ...(validator && { validator }),
    }),
    store: database.runs,
    storage,
    removals: database.removals,
    ...(scanning && { scanning }),
    catalog,
    authenticator: createAuthenticator(config, database.users, logger),
    checks: [
      { name: 'database', check: () => database.check() },
      { name: 'storage', check: () => storage.check() },
      // What is accepted without a scan needs no scanner.
      ...(scanning?.onFailure === 'refuse'
        ? [{ name: 'scanner', check: () => scanning.scanner.check() }]
        : []),
    ],
    settings: apiSettings(config),
    logger,
    ...(onChange === undefined ? {} : { onChange }),
  });
  try {
    await app.listen({ host: config.apiHost, port: config.apiPort });
  } catch (error) {
    await app.close();
    throw listenError(error, config);
  }
  return {
    address: addressOf(app.server.address(), config.apiHost),
    close: async () => {
      // Whoever waits for a check now is answered without.
      await Promise.all([validator?.stop(), app.close()]);
    },
  };
}

function addressOf(bound: AddressInfo | string | null, host: string): string {
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function listenError(error: unknown, config: Config): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const where = `${config.apiHost}:${config.apiPort}`;
  if (code === 'EADDRINUSE') {
    return new ConfigError([
      `API_PORT: ${where} is in use by another program; choose another port with --port`,
    ]);
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new ConfigError([`API_HOST, API_PORT: can't listen on ${where} (${code})`]);
  }
  return error;
}

function apiSettings(config: Config): ApiSettings {
  const { publicUrl } = config;
  return {
    apiPrefix: apiPath(config),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    trustProxy: config.trustProxy,
    corsOrigins: config.corsOrigins,
    localNamesOnly: config.authMethod === 'none' && !config.allowAnonymousRemote,
    maxAttachments: config.maxAttachments,
    maxAttachmentBytes: config.maxAttachmentBytes,
    maxRequestFieldBytes: config.maxRequestFieldBytes,
    outputLocations: config.outputLocations,
    allowedFileRoots: config.allowedFileRoots,
    inputSchemes: stagedSchemes().inputSchemes,
    defaultPageSize: config.defaultPageSize,
    maxPageSize: config.maxPageSize,
    service: serviceDescription(config),
  };
}

function serviceDescription(config: Config): ServiceDescription {
  const optional = {
    description: config.serviceDescription,
    contactUrl: config.serviceContactUrl,
    documentationUrl: config.serviceDocumentationUrl,
    environment: config.serviceEnvironment,
  };
  const given = Object.entries(optional).filter(([, value]) => value !== undefined);
  return {
    id: config.serviceId,
    name: config.serviceName,
    organizationName: config.serviceOrganization,
    organizationUrl: config.serviceOrganizationUrl,
    version: packageVersion(),
    authInstructionsUrl: config.authInstructionsUrl,
    tags: serviceTags(config.serviceTags),
    ...(Object.fromEntries(given) as Partial<Record<keyof typeof optional, string>>), // undefined was filtered out
  };
}

function serviceTags(pairs: readonly string[]): Readonly<Record<string, string>> {
  const entries = pairs.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new ConfigError([`SERVICE_TAGS: "${pair}" is not of the form key=value`]);
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  return Object.fromEntries(entries);
}
