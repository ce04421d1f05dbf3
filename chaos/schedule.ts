import type { ChaosOptions } from './options.ts';
import { Random } from './random.ts';

/** What is done to the service, how often in a minute, and for how long where it lasts (ms). */
const FAULTS = {
  'kill daemon': { perMinute: 13, lasts: [0, 2000] },
  'stop daemon': { perMinute: 2, lasts: [1000, 8000] },
  'end daemon': { perMinute: 1, lasts: [0, 1000] },
  'kill api': { perMinute: 2.5, lasts: [0, 1000] },
  'stop api': { perMinute: 0.7, lasts: [500, 5000] },
  'kill engine': { perMinute: 3, lasts: [0, 0] },
  'kill process of engine': { perMinute: 2, lasts: [0, 0] },
  'stop engine': { perMinute: 1, lasts: [500, 6000] },
  'kill database': { perMinute: 1, lasts: [0, 4000] },
  'stop database': { perMinute: 0.5, lasts: [500, 7000] },
  'kill writer of database': { perMinute: 1.5, lasts: [0, 1500] },
  'lock database': { perMinute: 1, lasts: [500, 7000] },
  'cut network': { perMinute: 1, lasts: [100, 6000] },
  'hang network': { perMinute: 0.7, lasts: [500, 9000] },
  'fill work disk': { perMinute: 0.5, lasts: [500, 6000] },
  'fill data disk': { perMinute: 0.5, lasts: [500, 6000] },
} as const satisfies Record<string, { perMinute: number; lasts: readonly [number, number] }>;

export type FaultKind = keyof typeof FAULTS;
const FAULT_KINDS = Object.keys(FAULTS) as readonly FaultKind[]; // keys of the table itself

export interface Fault {
  readonly atMs: number;
  readonly kind: FaultKind;
  readonly lastsMs: number;
  /** Which of those that there are at that moment: from 0 up to 1. */
  readonly choice: number;
}

const OF_A_SERVER: readonly FaultKind[] = [
  'kill database',
  'stop database',
  'cut network',
  'hang network',
];
const OF_A_FILE: readonly FaultKind[] = ['kill writer of database', 'lock database'];

/** The same for the same seed, length and database: at random times, but as many as the table says. */
export function makeSchedule(
  options: Pick<ChaosOptions, 'minutes' | 'database' | 'seed'>,
): readonly Fault[] {
  const random = new Random(options.seed);
  const impossible = options.database === 'sqlite' ? OF_A_SERVER : OF_A_FILE;
  const faults: Fault[] = [];
  for (const kind of FAULT_KINDS.filter((one) => !impossible.includes(one))) {
    const { perMinute, lasts } = FAULTS[kind];
    // Of half a fault there is one, or none.
    const count = Math.floor(perMinute * options.minutes + random.next());
    for (let made = 0; made < count; made += 1) {
      faults.push({
        atMs: random.between(0, options.minutes * 60_000),
        kind,
        lastsMs: random.between(lasts[0], lasts[1]),
        choice: random.next(),
      });
    }
  }
  return faults.sort((one, other) => one.atMs - other.atMs);
}
