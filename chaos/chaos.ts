import { findCwltool } from '../test/support/engines.ts';
import { ApiClient } from './api-client.ts';
import { ChaosClient } from './client.ts';
import { Faults } from './faults.ts';
import { Ledger } from './ledger.ts';
import type { ChaosOptions } from './options.ts';
import { Random } from './random.ts';
import { makeReport, type ChaosReport } from './report.ts';
import { makeSchedule } from './schedule.ts';
import { ChaosService } from './service.ts';
import { settle } from './settle.ts';
import { ADMIN, CLIENTS, type ChaosUser } from './users.ts';
import { watchLimits } from './watch-limits.ts';

const MOST_LIVE = 28;
const MOST_LOG_LINES = 40;

/** Plays a whole schedule against a service in `root`, and tells what was found. */
export async function runChaos(
  root: string,
  options: ChaosOptions,
  interrupted: AbortSignal,
): Promise<ChaosReport> {
  const begunAt = performance.now();
  const { missing: missingCwltool } = await findCwltool();
  const service = await ChaosService.start(root, options);
  const leftOut = leftOutOf(service, missingCwltool);
  for (const reason of leftOut) say(`left out: ${reason}`);
  const checks = new Set<Promise<void>>();
  const ledger: Ledger = new Ledger((run, runId) => {
    if (run.plan.kind === 'fake') return;
    const check = checkNothingRuns(service, ledger, runId, String(run.end));
    checks.add(check);
    void check.then(() => checks.delete(check));
  });
  const clients = CLIENTS.map((user, index) => {
    const random = new Random(options.seed * 31 + index + 1);
    return makeClient(`c${index + 1}`, user, { service, ledger, random });
  });
  const admin = makeClient('end', ADMIN, { service, ledger, random: new Random(options.seed) });
  const faults = new Faults(service, ledger);
  let attempts = 0;
  try {
    await service.ready();
    const end = new AbortController();
    const signal = AbortSignal.any([end.signal, interrupted]);
    const work = { signal, hasCwl: missingCwltool === undefined, mostLive: MOST_LIVE };
    const busy = [
      ...clients.map((client) => client.work(work)),
      watchLimits(service, ledger, signal),
    ];
    await faults.carryOut(makeSchedule(options), interrupted);
    end.abort();
    await Promise.all(busy);
    if (!interrupted.aborted) {
      say('faults are over');
      attempts = await settle(service, admin.context, interrupted);
      await Promise.all(checks);
    }
    await addLogLines(service, ledger);
  } finally {
    await service.destroy(options.isKept);
  }
  const durationSeconds = (performance.now() - begunAt) / 1000;
  return makeReport({ options, durationSeconds, faults, ledger, clients, attempts, leftOut });
}

function makeClient(
  name: string,
  user: ChaosUser,
  { service, ledger, random }: { service: ChaosService; ledger: Ledger; random: Random },
): ChaosClient {
  const violate = (rule: string, detail: string) => ledger.violate(rule, undefined, detail);
  const api = new ApiClient({ user, bases: service.apiBases, random, violate });
  return new ChaosClient({
    name,
    user,
    api,
    ledger,
    random,
    markDirectory: service.places.marks,
  });
}

/** What this machine does not permit, with the reason. */
function leftOutOf({ disks }: ChaosService, missingCwltool: string | undefined): readonly string[] {
  return [
    ...(disks.missing === undefined ? [] : [`full disks: ${disks.missing}`]),
    ...(missingCwltool === undefined ? [] : [`runs of cwltool: ${missingCwltool}`]),
  ];
}

/** Asked as soon as a client saw the end: a terminal state says that nothing of the run is alive. */
async function checkNothingRuns(
  service: ChaosService,
  ledger: Ledger,
  runId: string,
  state: string,
): Promise<void> {
  for (const { pid, commandLine, state: letter } of await service.runProcesses(runId)) {
    const detail = `${state}, but ${pid} ${letter} lives: ${commandLine.slice(0, 200)}`;
    ledger.violate('nothing of an ended run is alive', runId, detail);
  }
}

/** Each violation with what the service wrote about the run. */
async function addLogLines(service: ChaosService, ledger: Ledger): Promise<void> {
  for (const [index, violation] of ledger.violations.entries()) {
    if (violation.runId === undefined) continue;
    const lines = await service.logs().linesWith(violation.runId, MOST_LOG_LINES);
    ledger.violations[index] = { ...violation, evidence: [...violation.evidence, ...lines] };
  }
}

function say(text: string): void {
  process.stderr.write(`chaos: ${text}\n`);
}
