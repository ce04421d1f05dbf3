import type { Caller } from './caller.ts';
import type { EngineCatalog } from './engine-catalog.ts';
import { WesError } from './errors.ts';
import { refusalBy, type RequestValidator } from './request-validator.ts';
import { requestDigest } from './request-digest.ts';
import type { Attachment, NewRun, RunRequest } from './run.ts';
import type { CreateResult, RunStore } from './run-store.ts';
import { readServiceParameters } from './service-parameters.ts';
import { checkPriority, type SubmissionLimits } from './submission-limits.ts';
import { locateWorkflow } from './workflow-url.ts';

export interface Submission {
  /** Allocated before the attachments were stored, because their keys hold it. */
  readonly runId: string;
  /** Who is to own the run. */
  readonly caller: Caller;
  readonly request: RunRequest;
  /** Already in storage. */
  readonly attachments: readonly Attachment[];
  readonly idempotencyKey?: string;
  /** The run whose request this one repeats. */
  readonly rerunOf?: string;
}

export interface SubmitResult {
  /** The submitted run's id, or that of the earlier run with the same idempotency key. */
  readonly runId: string;
  readonly created: boolean;
}

export interface SubmissionDeps {
  readonly store: RunStore;
  readonly catalog: EngineCatalog;
  /** Absolute directories below which `file:` addresses of workflows may lie. */
  readonly allowedFileRoots: readonly string[];
  /** Of addresses that workflows may have, besides `file`; http and https by default. */
  readonly workflowSchemes?: readonly string[];
  readonly limits: SubmissionLimits;
  /** Absent: what is wrong with a workflow and its inputs is told by the run. */
  readonly validator?: RequestValidator;
}

/** Checks a submission and queues it, as `RunService.submit` promises. */
export async function submitRun(
  deps: SubmissionDeps,
  submission: Submission,
  createdAt: number,
): Promise<SubmitResult> {
  const { limits } = deps;
  const run = await checkedRun(deps, submission, createdAt);
  // Of what was sent, not of what it was resolved to: a new engine version must not turn a repetition
  // of the same request into a conflict.
  const digest = requestDigest(submission);
  const { idempotencyKey: key } = submission;
  const result =
    (await earlierThanRefusal(deps, run, key)) ??
    (await deps.store.createRun(
      { ...run, ...(key !== undefined && { idempotency: { key, requestDigest: digest } }) },
      limits.maxQueuedRuns === 0 ? undefined : { maxQueued: limits.maxQueuedRuns },
    ));
  if (result.created) return { runId: run.runId, created: true };
  if (result.requestDigest !== digest) throw conflict(result.runId);
  return { runId: result.runId, created: false };
}

/**
 * Has the engine check the request. One that was accepted before, when it could not be checked, say, stays
 * accepted: its run is given.
 * @throws WesError `invalid_request` in the engine's words
 */
async function earlierThanRefusal(
  { store, validator }: SubmissionDeps,
  run: NewRun,
  key: string | undefined,
): Promise<CreateResult | undefined> {
  const verdict = await validator?.validate(run);
  const refusal = verdict && refusalBy(run.engine, verdict);
  if (refusal === undefined) return undefined;
  const earlier = key === undefined ? undefined : await store.findSubmission(run.owner, key);
  if (earlier === undefined) throw refusal;
  return { created: false, ...earlier };
}

async function checkedRun(
  { catalog, allowedFileRoots, workflowSchemes, limits }: SubmissionDeps,
  { runId, caller, request, attachments, rerunOf }: Submission,
  createdAt: number,
): Promise<NewRun> {
  locateWorkflow(
    request.workflowUrl,
    attachments.map(({ name }) => name),
    { allowedFileRoots, ...(workflowSchemes && { workflowSchemes }) },
  );
  const { priority } = readServiceParameters(request.workflowEngineParameters);
  checkPriority(priority, caller, limits);
  const resolved = await catalog.resolve(request);
  return {
    runId,
    owner: caller.name,
    request: resolved.request,
    attachments,
    engine: resolved.engine,
    createdAt,
    priority,
    ...(rerunOf !== undefined && { rerunOf }),
  };
}

function conflict(runId: string): WesError {
  return new WesError(
    'idempotency_conflict',
    `Idempotency-Key: this key was already used for another request, which made run ${runId}; use a new key for a new request`,
  );
}
