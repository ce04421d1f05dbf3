import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { RUN_MARKER } from '../src/runs/command.ts';
import { until } from '../test/support/until.ts';
import type { ChaosDatabase } from './database.ts';
import type { Ledger } from './ledger.ts';
import type { Network } from './network.ts';
import { signal } from './processes.ts';
import { measureRecovery } from './recovery-time.ts';
import type { Fault, FaultKind } from './schedule.ts';
import type { ChaosService } from './service.ts';
import type { ServiceProcess } from './service-process.ts';

const WRITER_BEGINS_MS = 20_000;

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
    const { daemons, apis, database, network, disks } = this.#service;
    const effects: Readonly<Record<FaultKind, () => Promise<boolean>>> = {
      'kill daemon': () => this.#killDaemon(chosen(alive(daemons), fault), fault),
      'stop daemon': () => pause(chosen(daemons, fault), fault),
      'end daemon': () => restart(chosen(daemons, fault), fault, 'SIGTERM'),
      'kill api': () => restart(chosen(alive(apis), fault), fault, 'SIGKILL'),
      'stop api': () => pause(chosen(apis, fault), fault),
      'kill engine': () => this.#hurtEngine(fault),
      'kill process of engine': () => this.#hurtEngine(fault),
      'stop engine': () => this.#hurtEngine(fault),
      'kill database': () => restart(database.server, fault, 'SIGKILL'),
      'stop database': () => pause(database.server, fault),
      'kill writer of database': () => killWriter(database, fault),
      'lock database': () => lock(database.file?.locker, fault),
      'cut network': () => breakNetwork(network, 'cut', fault),
      'hang network': () => breakNetwork(network, 'hang', fault),
      'fill work disk': () => this.#fillWorkDisk(fault),
      'fill data disk': () => disks.fill('data', fault.lastsMs),
    };
    return await effects[fault.kind]();
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

  /** Runs that live meanwhile may fail, but must end: what they could not write, nobody has. */
  async #fillWorkDisk({ lastsMs }: Fault): Promise<boolean> {
    const { disks } = this.#service;
    if (disks.missing !== undefined) return false;
    this.#ledger.setDiskFull(true);
    const isFilled = await disks.fill('work', lastsMs);
    this.#ledger.setDiskFull(false);
    return isFilled;
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
      runId ?? /\/work\/local\/([0-9a-f-]{36})\//.exec(victim?.environment.join() ?? '')?.[1];
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
    run.isWoken = true;
    const isStopped = signal(-victim.group, 'SIGSTOP');
    await delay(fault.lastsMs);
    signal(-victim.group, 'SIGCONT');
    return isStopped;
  }
}

function chosen<T>(items: readonly T[], { choice }: Fault): T | undefined {
  return items[Math.floor(choice * items.length)];
}

function alive(processes: readonly ServiceProcess[]): readonly ServiceProcess[] {
  return processes.filter((one) => one.isAlive());
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

/** Killed for certain in the middle of a transaction, of which much is in the file already. */
async function killWriter({ file }: ChaosDatabase, { lastsMs }: Fault): Promise<boolean> {
  if (file === undefined || file.writer.isAlive()) return false;
  const { writer, writerBegan } = file;
  await rm(writerBegan, { force: true });
  writer.start();
  const hasBegun = async () => existsSync(writerBegan) || !writer.isAlive();
  await until(hasBegun, { timeoutMs: WRITER_BEGINS_MS }).catch(() => undefined);
  await delay(lastsMs);
  const wasWriting = existsSync(writerBegan) && writer.isAlive();
  writer.signal('SIGKILL');
  await writer.ended;
  return wasWriting;
}

async function breakNetwork(
  network: Network,
  how: 'cut' | 'hang',
  { choice, lastsMs }: Fault,
): Promise<boolean> {
  const restore = network.break(how, choice);
  if (restore === undefined) return false;
  await delay(lastsMs);
  restore();
  return true;
}
