import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installEngine } from '../../src/cli/engines/install-engine.ts';
import { machineFacts } from '../machine.ts';
import { table } from '../table.ts';
import { byHand } from './by-hand.ts';
import { measure, type Contender, type Figures } from './measure.ts';
import { service, type ServedContender } from './service.ts';
import { writeWorkloads, type Workload } from './workloads.ts';

const HELP = `npm run bench:engines -- [--quick] [--json]

Executes CWL workflows through the whole service and with cwltool by hand, side by side, and
prints wall time, processor time and their ratios. Takes about four minutes; with --quick one.
`;

const WARM_UP_RUNS = 5;

interface Comparison {
  readonly workload: Workload;
  readonly byHand: Figures;
  readonly service: Figures;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const directory = await mkdtemp(join(tmpdir(), 'wes-bench-engines-'));
  try {
    const size = values.quick ? { runs: 10, longSeconds: 9 } : { runs: 40, longSeconds: 60 };
    const compared = await compareAll(directory, { ...size, cores: availableParallelism() });
    process.stdout.write(values.json ? `${JSON.stringify(compared, null, 2)}\n` : render(compared));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function compareAll(
  directory: string,
  size: Parameters<typeof writeWorkloads>[1],
): Promise<readonly Comparison[]> {
  // Where the tests have theirs, so that a bench does not install another.
  const installRoot = join(homedir(), '.cache', 'ga4gh-wes-test', 'engines');
  const found = await installEngine('cwltool', { installRoot, log: say, maySystemInstall: false });
  if (found === undefined) throw new Error('cwltool is not installed');
  const workloads = await writeWorkloads(join(directory, 'workloads'), size);
  const hand = byHand(found.installation, directory);
  const served = await service(directory, { ENGINE_INSTALL_DIR: installRoot });
  try {
    await warmUp(served, workloads);
    const compared: Comparison[] = [];
    for (const workload of workloads) {
      say(`${workload.name}: ${workload.runs} runs`);
      // In turn, so that a change of the machine's mood meets both.
      compared.push(await compare(hand, served, workload));
    }
    return compared;
  } finally {
    await served.stop();
  }
}

async function warmUp(served: ServedContender, [first]: readonly Workload[]): Promise<void> {
  if (first) await measure(served, { ...first, runs: WARM_UP_RUNS });
}

async function compare(
  hand: Contender,
  served: Contender,
  workload: Workload,
): Promise<Comparison> {
  return {
    workload,
    byHand: await measure(hand, workload),
    service: await measure(served, workload),
  };
}

function render(compared: readonly Comparison[]): string {
  const machine = machineFacts();
  const rows = compared.flatMap(({ workload, byHand: hand, service: served }) => [
    row('cwltool by hand', workload, hand, hand, machine.cores),
    row('the service', workload, served, hand, machine.cores),
  ]);
  const head = [
    ...['workload', 'runs', 'by', 'wall s / run', 'CPU s / run', 'runs / min', 'cores busy'],
    ...['wall ratio', 'CPU ratio'],
  ];
  return [
    `${machine.date} · ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB · ` +
      `${machine.system} · Node ${machine.node} · load before ${machine.loadBefore}`,
    '',
    ...table(head, rows),
    '',
  ].join('\n');
}

function row(
  by: string,
  { name, runs }: Workload,
  { wallSeconds, processorSeconds }: Figures,
  reference: Figures,
  cores: number,
): readonly string[] {
  return [
    ...[name, String(runs), by],
    (wallSeconds / runs).toFixed(3),
    (processorSeconds / runs).toFixed(3),
    ((60 * runs) / wallSeconds).toFixed(0),
    `${(processorSeconds / wallSeconds).toFixed(2)} of ${cores}`,
    (wallSeconds / reference.wallSeconds).toFixed(3),
    (processorSeconds / reference.processorSeconds).toFixed(3),
  ];
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

await main();
