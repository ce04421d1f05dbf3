import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../test/support/until.ts';
import { ChaosClient } from './client.ts';
import { Faults } from './faults.ts';
import { Ledger } from './ledger.ts';
import type { ChaosOptions } from './options.ts';
import { Random } from './random.ts';
import { recoveryFigures, type ChaosReport } from './report.ts';
import { makeSchedule } from './schedule.ts';
import { ChaosService } from './service.ts';
import { verifyRuns } from './verify.ts';

const CLIENTS = 3;
const MOST_LIVE = 20;
const END_MS = 240_000;
const CLEAN_MS = 30_000;

/** Plays a whole schedule against a service in `root`, and tells what was found. */
export async function runChaos(
  root: string,
  options: ChaosOptions,
  interrupted: AbortSignal,
): Promise<ChaosReport> {
  const begunAt = performance.now();
  const checks = new Set<Promise<void>>();
  const service = await ChaosService.start(root, options);
  const ledger: Ledger = new Ledger((run, runId) => {
    if (run.plan.kind === 'fake') return;
    const check = checkNothingRuns(service, ledger, runId, String(run.end));
    checks.add(check);
    void check.then(() => checks.delete(check));
  });
  const clients = Array.from({ length: CLIENTS }, (_, index) => {
    const random = new Random(options.seed * 31 + index + 1);
    return new ChaosClient(`c${index + 1}`, service.apiBases, ledger, random);
  });
  const faults = new Faults(service, ledger);
  let attempts = 0;
  try {
    await service.ready();
    const end = new AbortController();
    const signal = AbortSignal.any([end.signal, interrupted]);
    const { markDirectory } = service;
    const hasCwl = await service.offersCwl();
    const work = clients.map((client) =>
      client.work({ signal, markDirectory, hasCwl, mostLive: MOST_LIVE }),
    );
    await faults.carryOut(makeSchedule(options), interrupted);
    end.abort();
    await Promise.all(work);
    if (!interrupted.aborted) {
      say('faults are over');
      attempts = await settle(service, ledger, clients, interrupted);
      await Promise.all(checks);
    }
    await addLogLines(service, ledger);
  } finally {
    await service.destroy(options.isKept);
  }
  return {
    seed: options.seed,
    database: options.database,
    minutes: options.minutes,
    plant: options.plant,
    durationSeconds: (performance.now() - begunAt) / 1000,
    faults: Object.fromEntries(faults.counts),
    submissions: ledger.runs.length,
    runs: ledger.runs.filter(({ runId }) => runId !== undefined).length,
    attempts,
    states: countBy(ledger.runs.map(({ end: state }) => state ?? 'not seen')),
    hurtRuns: ledger.runs.filter(({ isHurt }) => isHurt).length,
    requests: sum(clients.map(({ counts }) => counts.requests)),
    unavailable: sum(clients.map(({ counts }) => counts.unavailable)),
    recovery: recoveryFigures(faults.recoveryMs),
    waitingRecovery: recoveryFigures(faults.waitingRecoveryMs),
    violations: ledger.violations,
  };
}

/** All goes on, all runs end, nothing is left; then each run is looked at. Gives the number of attempts. */
async function settle(
  service: ChaosService,
  ledger: Ledger,
  clients: readonly ChaosClient[],
  interrupted: AbortSignal,
): Promise<number> {
  const [client] = clients;
  if (client === undefined) return 0;
  service.heal();
  await service.ready();
  const deadline = performance.now() + END_MS;
  while (ledger.live().length > 0 && performance.now() < deadline && !interrupted.aborted) {
    for (const run of ledger.live()) await client.poll(run);
    await delay(300);
  }
  say(`${ledger.live().length} runs did not end`);
  const { attempts } = await verifyRuns(service, ledger, client);
  await checkNothingLeft(service, ledger);
  for (const crash of await service.crashes()) {
    ledger.violate('no process ends by itself', undefined, crash);
  }
  const stubborn = await service.stop();
  for (const name of stubborn) ledger.violate('SIGTERM ends a process', undefined, name);
  const daemons = await service.records.daemons.list();
  if (daemons.length > 0) {
    ledger.violate('no daemon record is left', undefined, JSON.stringify(daemons));
  }
  return attempts;
}

async function checkNothingLeft(service: ChaosService, ledger: Ledger): Promise<void> {
  const left = async () => ({
    processes: (await service.runProcesses()).map(
      ({ pid, state, commandLine }) => `${pid} ${state} ${commandLine.slice(0, 200)}`,
    ),
    directories: await service.workDirectories(),
    leases: await service.records.runs.listLeaseOwners(),
  });
  const isClean = async () => Object.values(await left()).every((found) => found.length === 0);
  if (await until(isClean, { timeoutMs: CLEAN_MS }).catch(() => false)) return;
  for (const [kind, found] of Object.entries(await left())) {
    for (const one of found) {
      const runId = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(one)?.[0];
      ledger.violate(`no ${kind} left`, runId, one);
    }
  }
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
    const lines = await service.logLines(violation.runId, 40);
    ledger.violations[index] = { ...violation, evidence: [...violation.evidence, ...lines] };
  }
}

function countBy(values: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function say(text: string): void {
  process.stderr.write(`chaos: ${text}\n`);
}
