import { parseArgs } from 'node:util';

export interface ChaosOptions {
  readonly minutes: number;
  readonly database: 'sqlite' | 'mariadb';
  readonly seed: number;
  readonly jsonFile: string | undefined;
  /** Leaves the directory with all logs, databases and evidence. */
  readonly isKept: boolean;
  /** A fault built into the service, which the suite must find. */
  readonly plant: Plant | undefined;
}

const PLANTS = [
  'no-lease-check',
  'canceled-too-early',
  'paused-in-name-only',
  'lost-transition',
  'kept-storage',
] as const;
export type Plant = (typeof PLANTS)[number];

const HELP = `npm run chaos -- [--minutes 2] [--database sqlite|mariadb] [--seed N] [--json FILE] [--keep] [--plant FAULT]

Kills, stops and restarts the processes of a real service, cuts its network and fills its disks while
clients use it, and checks that every run ends, once, truly and without a trace. The seed replays the
schedule.
--plant builds a fault into the service, which must be found:
  ${PLANTS.join(', ')}
`;

/** Undefined when help was asked for, and given. */
export function parseOptions(args: readonly string[]): ChaosOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '2' },
      database: { type: 'string', default: 'sqlite' },
      seed: { type: 'string' },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
      plant: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return undefined;
  }
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : numberOf('--seed', values.seed);
  return {
    minutes: numberOf('--minutes', values.minutes),
    database: oneOf('--database', values.database, ['sqlite', 'mariadb']),
    seed,
    jsonFile: values.json,
    isKept: values.keep,
    plant: values.plant === undefined ? undefined : oneOf('--plant', values.plant, PLANTS),
  };
}

function numberOf(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || number < 0) throw new Error(`${option} takes a number`);
  return number;
}

function oneOf<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const chosen = choices.find((choice) => choice === text);
  if (chosen === undefined) throw new Error(`${option} takes ${choices.join(' or ')}`);
  return chosen;
}
