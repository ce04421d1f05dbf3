import type { EngineOffer } from './engine-catalog.ts';

/**
 * The daemons that share a database. A daemon shows that it lives by raising its beat; others measure
 * with their own monotonic clocks how long a beat stood still, so that no step of a wall clock can end
 * a lease.
 */
export interface DaemonRegistry {
  register(daemon: NewDaemon): Promise<void>;
  /** Raises the beat by one; false when the record is gone, which means that others took this daemon for dead. */
  beat(daemonId: string, at: number): Promise<boolean>;
  list(): Promise<readonly DaemonRecord[]>;
  /** Removes the record; leases of its runs stay with the dead id until they are taken over. */
  remove(daemonId: string): Promise<void>;
}

export interface NewDaemon {
  /** A UUID of its own for each start of a process. */
  readonly daemonId: string;
  /** Identifies the machine and its boot: two daemons with the same value can see each other's processes. */
  readonly host: string;
  readonly processId: number;
  /** Start time of the process in clock ticks since boot: tells a process from a later one with its pid. */
  readonly processStart: string;
  readonly startedAt: number;
  readonly engines: readonly EngineOffer[];
}

export interface DaemonRecord extends NewDaemon {
  readonly beat: number;
  /** Wall clock of the latest beat, for people; never used to decide whether a lease ended. */
  readonly beatAt: number;
}
