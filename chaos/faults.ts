import { setTimeout as delay } from 'node:timers/promises';
import { RUN_MARKER } from '../src/runs/command.ts';
import type { Ledger } from './ledger.ts';
import { signal } from './processes.ts';
import { measureRecovery } from './recovery-time.ts';
import type { Fault, FaultKind } from './schedule.ts';
import type { ChaosService } from './service.ts';
import type { ServiceProcess } from './service-process.ts';

/** Carries out a schedule, and counts what really hit. */
export class Faults {
  readonly counts = new Map<FaultKind, number>();
  /** From the kill of a daemon with runs until others hold them; with the start of another where none was waiting. */
  readonly recoveryMs: number[] = [];
  readonly waitingRecoveryMs: number[] = [];
  readonly #service: ChaosService;
  readonly #ledger: Ledger;
  readonly #lasting = new Set<Promise<void>>();

  constructor(service: ChaosService, ledger: Ledger) {
    this.#service = service;
    this.#ledger = ledger;
  }

  /** Until the last is over, or the signal comes. */
  async carryOut(schedule: readonly Fault[], signalToEnd: AbortSignal): Promise<void> {
    const begunAt = performance.now();
    for (const fault of schedule) {
      const pauseMs = begunAt + fault.atMs - performance.now();
      if (pauseMs > 0) await delay(pauseMs, undefined, { signal: signalToEnd }).catch(() => {});
      if (signalToEnd.aborted) break;
      const work = this.#strike(fault).catch(() => undefined);
      this.#lasting.add(work);
      void work.then(() => this.#lasting.delete(work));
    }
    await Promise.all(this.#lasting);
  }

  async #strike(fault: Fault): Promise<void> {
    if (await this.#hit(fault)) {
      this.counts.set(fault.kind, (this.counts.get(fault.kind) ?? 0) + 1);
    }
  }

  async #hit(fault: Fault): Promise<boolean> {
    const { daemons, apis, database } = this.#service;
    switch (fault.kind) {
      case 'kill daemon':
        return this.#killDaemon(chosen(daemons, fault), fault);
      case 'stop daemon':
        return pause(chosen(daemons, fault), fault);
      case 'end daemon':
        return restart(chosen(daemons, fault), fault, 'SIGTERM');
      case 'kill api':
        return restart(chosen(apis, fault), fault, 'SIGKILL');
      case 'stop api':
        return pause(chosen(apis, fault), fault);
      case 'kill database':
        return restart(database.server, fault, 'SIGKILL');
      case 'stop database':
        return pause(database.server, fault);
      case 'lock database':
        return lock(database.locker, fault);
      case 'kill engine':
      case 'kill process of engine':
      case 'stop engine':
        return this.#hurtEngine(fault);
    }
  }

  async #killDaemon(daemon: ServiceProcess | undefined, fault: Fault): Promise<boolean> {
    const pid = daemon?.pid;
    if (daemon === undefined || pid === undefined) return false;
    const recovery = await measureRecovery(this.#service.records, pid);
    const { ended } = daemon;
    const isKilled = daemon.signal('SIGKILL');
    const kind = daemon.name.split('-').at(-1) ?? '';
    const isPeerWaiting = () =>
      this.#service.daemons.some(
        (one) => one !== daemon && one.name.endsWith(kind) && one.isWaiting(),
      );
    const wasPeerWaiting = isPeerWaiting();
    void recovery().then((took) => {
      if (took === undefined) return;
      this.recoveryMs.push(took);
      if (wasPeerWaiting && isPeerWaiting()) this.waitingRecoveryMs.push(took);
    });
    await delay(fault.lastsMs);
    await ended;
    daemon.start();
    return isKilled;
  }

  /** The run is told to be hurt before it is, so that its end can't be seen in between. */
  async #hurtEngine(fault: Fault): Promise<boolean> {
    const processes = await this.#service.runProcesses();
    const victim = chosen(processes, fault);
    const runId = victim?.environment
      .find((entry) => entry.startsWith(`${RUN_MARKER}=`))
      ?.slice(RUN_MARKER.length + 1);
    // Tasks of cwltool have no marker; their directories tell the run.
    const named =
      runId ?? /work-local\/([0-9a-f-]{36})\//.exec(victim?.environment.join() ?? '')?.[1];
    const run = this.#ledger.find(named ?? '');
    if (victim === undefined || run === undefined) return false;
    if (fault.kind === 'kill process of engine') {
      run.isHurt = true;
      return signal(victim.pid, 'SIGKILL');
    }
    if (fault.kind === 'kill engine') {
      run.isHurt = true;
      return signal(-victim.group, 'SIGKILL');
    }
    const isStopped = signal(-victim.group, 'SIGSTOP');
    await delay(fault.lastsMs);
    signal(-victim.group, 'SIGCONT');
    return isStopped;
  }
}

function chosen<T>(items: readonly T[], { choice }: Fault): T | undefined {
  return items[Math.floor(choice * items.length)];
}

async function restart(
  one: ServiceProcess | undefined,
  { lastsMs }: Fault,
  name: NodeJS.Signals,
): Promise<boolean> {
  // One that is down by itself stays the keeper's.
  if (one?.isAlive() !== true) return false;
  const { ended } = one;
  if (!one.signal(name)) return false;
  // One that is stopped hears the signal when it goes on.
  await ended;
  await delay(lastsMs);
  one.start();
  return true;
}

async function pause(one: ServiceProcess | undefined, { lastsMs }: Fault): Promise<boolean> {
  const pid = one?.pid;
  if (one === undefined || pid === undefined || !one.signal('SIGSTOP')) return false;
  await delay(lastsMs);
  if (one.pid === pid) one.signal('SIGCONT');
  return true;
}

async function lock(locker: ServiceProcess | undefined, { lastsMs }: Fault): Promise<boolean> {
  if (locker === undefined || locker.isAlive()) return false;
  locker.start();
  await delay(lastsMs + 300); // it needs a moment to begin
  locker.signal('SIGKILL');
  return true;
}
