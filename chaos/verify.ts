import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run } from '../src/runs/run.ts';
import { isTerminal } from '../src/runs/state.ts';
import type { ClientContext } from './client-context.ts';
import type { KnownRun, Ledger } from './ledger.ts';
import { checkLabel } from './verify-label.ts';
import type { ChaosService } from './service.ts';
import { checkEnd } from './verify-end.ts';
import { checkMoves, type Violate } from './verify-history.ts';
import { checkRecords } from './verify-records.ts';
import { checkRemoved } from './verify-removed.ts';

const AT_ONCE = 4;

/** Holds each run against what its clients know and what its executions left as evidence. */
export async function verifyRuns(
  service: ChaosService,
  context: ClientContext,
): Promise<{ attempts: number }> {
  const { ledger } = context;
  const marks = await readdir(service.places.marks);
  const left = [...ledger.runs];
  let attempts = 0;
  const work = async () => {
    for (let known = left.shift(); known !== undefined; known = left.shift()) {
      const made = await verifyRun(service, context, marks, known);
      attempts += made;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { attempts };
}

/** Gives the number of attempts. */
async function verifyRun(
  service: ChaosService,
  context: ClientContext,
  marks: readonly string[],
  known: KnownRun,
): Promise<number> {
  const { ledger } = context;
  await checkLabel(context, known);
  const { runId } = known;
  if (runId === undefined) return 0;
  await checkOverlap(service, ledger, runId);
  const run = await service.records.runs.getRun(runId);
  if (run === undefined || known.isRemoved) {
    await checkRemoved(service, ledger, known, run);
    return 0;
  }
  const events = await service.records.runs.listEvents(runId);
  const history = events.map(
    ({ at, from, to, actor, reason }) => `${at} ${from} → ${to} by ${actor}: ${reason}`,
  );
  const violate: Violate = (rule, detail) => ledger.violate(rule, runId, detail, history);
  checkMoves(events, violate);
  const last = events.at(-1)?.to;
  if (last !== run.state) violate('the history ends in the state', `${last}, ${run.state}`);
  checkRecord(known, run, violate);
  await checkStarts(service, marks, known, run, violate);
  if (!isTerminal(run.state)) violate('every accepted run ends', `it is ${run.state}`);
  else {
    checkEnd(known, run.state, events, violate);
    await checkRecords(service, context, known, run, events, violate);
  }
  return run.attempt;
}

/** The record says what was asked for, and how it came out. */
function checkRecord(known: KnownRun, run: Run, violate: Violate): void {
  const { state, leaseOwner, createdAt, startedAt = createdAt, endedAt = startedAt } = run;
  if (leaseOwner !== undefined) violate('no lease is left', `it is ${leaseOwner}'s`);
  if (known.end !== undefined && known.end !== state) {
    violate('a terminal state never changes', `clients saw ${known.end}, now it is ${state}`);
  }
  if (startedAt < createdAt || endedAt < startedAt) {
    violate('times are monotone', `created ${createdAt}, started ${startedAt}, ended ${endedAt}`);
  }
  const asked = [known.owner, known.plan.label, known.plan.priority, known.rerunOf];
  const stored = [run.owner, run.request.tags?.label, run.priority, run.rerunOf];
  if (asked.join() !== stored.join()) {
    violate('a run is what was asked for', `${stored.join()} instead of ${asked.join()}`);
  }
}

async function checkOverlap(service: ChaosService, ledger: Ledger, runId: string): Promise<void> {
  const overlap = await evidence(service, `${runId}.overlap`);
  if (overlap !== '') ledger.violate('no run is executed twice at once', runId, overlap.trim());
}

async function checkStarts(
  service: ChaosService,
  marks: readonly string[],
  { plan }: KnownRun,
  { runId, attempt }: Run,
  violate: Violate,
): Promise<void> {
  const starts =
    plan.kind === 'fake'
      ? marks.filter((mark) => mark.startsWith(`${runId}.`))
      : (await evidence(service, `${runId}.starts`)).trim().split('\n').filter(Boolean);
  // Tasks of cwltool work in directories of changing names, one attempt in one of them.
  if (new Set(starts).size !== starts.length || starts.length > attempt) {
    violate('no attempt is executed twice', `${starts.length} starts, ${attempt} attempts`);
  }
}

async function evidence({ places }: ChaosService, name: string): Promise<string> {
  return await readFile(join(places.marks, name), 'utf8').catch(() => '');
}
