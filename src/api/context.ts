import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import { canSee } from '../auth/access.ts';
import type { Authenticator, Principal } from '../auth/principal.ts';
import type { Caller } from '../runs/caller.ts';
import type { EngineCatalog } from '../runs/engine-catalog.ts';
import { WesError } from '../runs/errors.ts';
import type { Run } from '../runs/run.ts';
import type { Removals } from '../runs/removals.ts';
import { isRunId } from '../runs/run-id.ts';
import type { RunService } from '../runs/run-service.ts';
import type { RunStateRow, RunStore } from '../runs/run-store.ts';
import type { Scanner } from '../scanning/scanner.ts';
import type { Storage } from '../storage/storage.ts';

/** All that the API is made of. It holds no state of its own: any number of instances may run at once. */
export interface ApiDeps {
  readonly runs: RunService;
  readonly store: RunStore;
  readonly storage: Storage;
  readonly removals: Removals;
  /** Absent where attachments are not scanned. */
  readonly scanning?: UploadScanning;
  readonly catalog: EngineCatalog;
  readonly authenticator: Authenticator;
  /** What `/readyz` asks; each rejects while its part can't be reached. */
  readonly checks: readonly ReadinessCheck[];
  readonly settings: ApiSettings;
  readonly logger: FastifyBaseLogger;
  /** Tells a daemon in the same process that a run was submitted or cancelled; must not throw. */
  readonly onChange?: (runId: string) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Who scans attachments, and what becomes of those that could not be scanned. */
export interface UploadScanning {
  readonly scanner: Scanner;
  readonly onFailure: 'refuse' | 'accept';
}

export interface ReadinessCheck {
  readonly name: string;
  check(): Promise<void>;
}

export interface ApiSettings {
  /** Path of the API, `/ga4gh/wes/v1`: with a leading slash and without a trailing one. */
  readonly apiPrefix: string;
  /** Address of the server as clients see it, before `apiPrefix`; absent to take it from each request. */
  readonly publicUrl?: string;
  /** True, or the addresses of the proxies whose `X-Forwarded-…` headers are believed. */
  readonly trustProxy: boolean | string;
  /** Origins whose pages may call the API; `*` for all, none when empty. */
  readonly corsOrigins: readonly string[];
  /** Refuse requests to any host name but localhost, an address or that of `publicUrl`. */
  readonly localNamesOnly?: boolean;
  readonly maxAttachments: number;
  /** Of one attachment. */
  readonly maxAttachmentBytes: number;
  /** Of one field of the request that is no attachment, such as `workflow_params`. */
  readonly maxRequestFieldBytes: number;
  /** Whether the addresses of output files are this API's or the storage's own. */
  readonly outputLocations: 'api' | 'storage';
  /** Absolute directories below which `file:` addresses of workflows may lie. */
  readonly allowedFileRoots: readonly string[];
  /** Of the addresses of inputs that are fetched. */
  readonly inputSchemes: readonly string[];
  readonly defaultPageSize: number;
  readonly maxPageSize: number;
  readonly service: ServiceDescription;
}

/** What service-info tells of this deployment. */
export interface ServiceDescription {
  /** Reverse domain name notation is recommended. */
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly organizationName: string;
  readonly organizationUrl: string;
  readonly contactUrl?: string;
  readonly documentationUrl?: string;
  /** `prod`, `test`, `dev`, `staging`. */
  readonly environment?: string;
  /** Version of this software. */
  readonly version: string;
  /** When the service was first deployed, in ms. */
  readonly createdAt?: number;
  readonly authInstructionsUrl: string;
  readonly tags: Readonly<Record<string, string>>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set before the handler of every route that asks for credentials. */
    principal: Principal | undefined;
  }
}

/** Who asks. For handlers of routes that are registered behind `requireCredentials`. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === undefined) {
    throw new Error(`${request.routeOptions.url ?? request.url} is not behind authentication`);
  }
  return request.principal;
}

/** Who asks, as the rules of runs know them. */
export function callerOf(request: FastifyRequest): Caller {
  const principal = principalOf(request);
  return {
    name: principal.name,
    isAdmin: principal.isAdmin,
    mayManage: (run) => canSee(principal, run),
  };
}

/**
 * The run, when it exists and the caller may see it.
 * @throws WesError `run_not_found`, the same for a run that is not there and one of somebody else
 */
export async function findVisibleRun(
  deps: Pick<ApiDeps, 'store'>,
  request: FastifyRequest,
  runId: string,
): Promise<Run> {
  return visible(request, runId, isRunId(runId) ? await deps.store.getRun(runId) : undefined);
}

/** As `findVisibleRun`, for what needs no more than owner and state: cheaper. */
export async function findVisibleRunState(
  deps: Pick<ApiDeps, 'store'>,
  request: FastifyRequest,
  runId: string,
): Promise<RunStateRow> {
  return visible(request, runId, isRunId(runId) ? await deps.store.getRunState(runId) : undefined);
}

function visible<T extends { readonly owner: string }>(
  request: FastifyRequest,
  runId: string,
  run: T | undefined,
): T {
  if (run !== undefined && canSee(principalOf(request), run)) return run;
  throw new WesError('run_not_found', `run ${runId} was not found`);
}
