import { isState, type State } from '../src/runs/state.ts';
import { readJson, type Fields } from './api-client.ts';
import type { ClientContext } from './client-context.ts';
import type { AcceptedRun, KnownRun } from './ledger.ts';
import { checkMoves, type Move } from './verify-history.ts';

/** The state that the service tells; undefined when nobody answers, or the run was removed. */
export async function poll(
  { api, ledger }: ClientContext,
  run: AcceptedRun,
): Promise<State | undefined> {
  const { runId, end, isRemoved } = run;
  const answer = await api.call('GET', `/runs/${runId}/status`);
  if (answer?.status === 404 && !run.isRemoveTried) {
    ledger.violate('an accepted run exists', runId, 'its status was answered with 404');
  }
  if (answer?.ok !== true) return undefined;
  if (isRemoved) ledger.violate('a removed run stays gone', runId, 'its status was answered');
  const state = (await readJson(answer))?.state;
  if (!isState(state)) return undefined;
  ledger.observed(runId, state, end);
  return state;
}

/** One page of the newest runs, or all runs with this label; undefined when nobody answers. */
export async function list(
  { api, ledger, user }: ClientContext,
  label?: string,
): Promise<readonly string[] | undefined> {
  const ends = new Map(ledger.runs.map((run) => [run.runId, run.end]));
  const query =
    label === undefined ? 'page_size=30' : `tag_key=label&tag_value=${label}&page_size=30`;
  const body = await api.read(`/runs?${query}`);
  if (body === undefined) return undefined;
  const runs = Array.isArray(body.runs) ? (body.runs as readonly Fields[]) : []; // by the standard
  for (const { run_id: runId, state } of runs) {
    if (typeof runId !== 'string' || !isState(state)) continue;
    ledger.observed(runId, state, ends.get(runId));
    const owner = ledger.find(runId)?.owner ?? user.name;
    if (owner === user.name || user.isAdmin) continue;
    ledger.violate('users see their own runs only', runId, `${user.name} sees a run of ${owner}`);
  }
  return runs.map(({ run_id: runId }) => String(runId));
}

/** Nobody is told of runs of others, admins apart. */
export async function lookAtForeignRun(context: ClientContext): Promise<void> {
  const { api, ledger, random, user } = context;
  const foreign = ledger.accepted().filter(({ owner }) => owner !== user.name);
  const run = random.pick(foreign);
  if (user.isAdmin || run === undefined) return;
  const answer = await api.call('GET', `/runs/${run.runId}/status`);
  if (answer?.ok !== true) return;
  ledger.violate('users see their own runs only', run.runId, `${user.name} reads its status`);
}

/** The history as the API tells it: legal, and never another than before, but longer. */
export async function lookAtHistory(
  { api, ledger }: ClientContext,
  run: AcceptedRun,
): Promise<readonly Move[] | undefined> {
  const seenBefore = run.history;
  const body = await api.read(`/runs/${run.runId}/history`);
  if (!Array.isArray(body?.history)) return undefined;
  const entries = body.history as readonly Fields[]; // by the schema of the operation
  const moves = entries.map(moveOf);
  const lines = entries.map((entry) => JSON.stringify(entry));
  const violate = (rule: string, detail: string) => ledger.violate(rule, run.runId, detail, lines);
  checkMoves(moves, violate);
  if (!seenBefore.every((line, index) => line === lines[index])) {
    violate('what was told of the history stays', `before: ${seenBefore.join('; ')}`);
  }
  if (lines.length > run.history.length) run.history = lines;
  checkOrigin(run, body.rerun_of, violate);
  return moves;
}

function checkOrigin(
  { rerunOf }: KnownRun,
  told: unknown,
  violate: (rule: string, detail: string) => void,
): void {
  if (told === rerunOf) return;
  violate('a rerun names the run that it repeats', `${String(told)} instead of ${rerunOf}`);
}

function moveOf({ time, from, to }: Fields): Move {
  return {
    at: Date.parse(String(time)),
    from: isState(from) ? from : undefined,
    to: isState(to) ? to : 'UNKNOWN',
  };
}
