import type { EngineCatalog } from './engine-catalog.ts';
import { WesError } from './errors.ts';
import { requestDigest } from './request-digest.ts';
import type { Attachment, RunRequest } from './run.ts';
import type { RunStore } from './run-store.ts';
import { locateWorkflow } from './workflow-url.ts';

/** What clients do to runs: the rules that hold whichever way a request comes in. */
export interface RunService {
  /**
   * Checks the request and queues it. With an idempotency key that this owner already used for the
   * same request nothing is queued and the earlier run is told.
   * @throws WesError `invalid_request`; `idempotency_conflict` when the key was used for another request
   */
  submit(submission: Submission): Promise<SubmitResult>;

  /**
   * Cancels a run; one that ended, or is being cancelled already, stays as it is.
   * @throws WesError `run_not_found`, also for a run that the caller may not manage
   */
  cancel(runId: string, caller: Caller): Promise<void>;
}

export interface Submission {
  /** Allocated before the attachments were stored, because their keys hold it. */
  readonly runId: string;
  readonly owner: string;
  readonly request: RunRequest;
  /** Already in storage. */
  readonly attachments: readonly Attachment[];
  readonly idempotencyKey?: string;
}

export interface SubmitResult {
  /** The submitted run's id, or that of the earlier run with the same idempotency key. */
  readonly runId: string;
  readonly created: boolean;
}

export interface Caller {
  readonly name: string;
  mayManage(run: { readonly owner: string }): boolean;
}

export interface RunServiceDeps {
  readonly store: RunStore;
  readonly catalog: EngineCatalog;
  /** Absolute directories below which `file:` addresses of workflows may lie. */
  readonly allowedFileRoots: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export function createRunService(deps: RunServiceDeps): RunService {
  const now = deps.now ?? Date.now;
  return {
    submit: (submission) => submit(deps, submission, now()),

    async cancel(runId, caller) {
      const run = await deps.store.getRunState(runId);
      if (run === undefined || !caller.mayManage(run)) throw notFound(runId);
      const state = await deps.store.requestCancel(runId, `user:${caller.name}`, now());
      if (state === undefined) throw notFound(runId);
    },
  };
}

async function submit(
  { store, catalog, allowedFileRoots }: RunServiceDeps,
  { runId, owner, request, attachments, idempotencyKey }: Submission,
  createdAt: number,
): Promise<SubmitResult> {
  locateWorkflow(
    request.workflowUrl,
    attachments.map(({ name }) => name),
    { allowedFileRoots },
  );
  const resolved = await catalog.resolve(request);
  // Of what was sent, not of what it was resolved to: a new engine version must not turn a repetition
  // of the same request into a conflict.
  const digest = requestDigest(request, attachments);
  const result = await store.createRun({
    runId,
    owner,
    request: resolved.request,
    attachments,
    engine: resolved.engine,
    createdAt,
    ...(idempotencyKey !== undefined && {
      idempotency: { key: idempotencyKey, requestDigest: digest },
    }),
  });
  if (result.created) return { runId, created: true };
  if (result.requestDigest !== digest) throw conflict(result.runId);
  return { runId: result.runId, created: false };
}

function conflict(runId: string): WesError {
  return new WesError(
    'idempotency_conflict',
    `Idempotency-Key: this key was already used for another request, which made run ${runId}; use a new key for a new request`,
  );
}

function notFound(runId: string): WesError {
  return new WesError('run_not_found', `run ${runId} was not found`);
}
