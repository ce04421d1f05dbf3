/**
 * Stands for an engine with very many short tasks: node writer.ts '<WriterOrder as JSON>'. The tasks' files are made
 * first, then all events are told at once, as if the engine could not be held up by anything; it ends when it is
 * told to.
 */
import { appendFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface WriterOrder {
  readonly tasks: number;
  /** Directory for the tasks' files. */
  readonly directory: string;
  readonly events: string;
  readonly outputObject: string;
  /** It ends when this file is there. */
  readonly end: string;
}

const LOOK_MS = 20;

const order = JSON.parse(process.argv[2] ?? '') as WriterOrder; // written by the engine of daemon.ts
const numbers = Array.from({ length: order.tasks }, (_none, index) => index + 1);
for (const number of numbers) {
  const { stdout, stderr } = filesOf(number);
  mkdirSync(join(order.directory, String(number)), { recursive: true });
  writeFileSync(stdout, `sample-${number} aligned\n`);
  writeFileSync(stderr, '');
}

const at = Date.now();
const draft = `${order.events}.draft`;
writeFileSync(draft, numbers.flatMap(eventsOf).join(''));
renameSync(draft, order.events);

while (!existsSync(order.end)) await delay(LOOK_MS);
writeFileSync(order.outputObject, JSON.stringify({ object: {}, files: [] }));
tell({ event: 'engine_ended', status: 'success', message: '', exit_code: 0 });

function eventsOf(number: number): readonly string[] {
  const task = String(number);
  const name = `align-${number}`;
  const command = [
    'bwa',
    'mem',
    '-t',
    '1',
    'genome.fa',
    `sample-${number}_1.fq`,
    `sample-${number}_2.fq`,
  ];
  const facts = { image: 'quay.io/biocontainers/bwa:0.7.17--hed695b0_7', cores: 1, ram_mib: 512 };
  return [
    line({ event: 'task_started', task, name, command, ...filesOf(number), ...facts }),
    line({ event: 'task_ended', task, exit_code: 0, status: 'success' }),
  ];
}

function filesOf(number: number): { readonly stdout: string; readonly stderr: string } {
  const directory = join(order.directory, String(number));
  return { stdout: join(directory, 'stdout'), stderr: join(directory, 'stderr') };
}

function tell(event: object): void {
  appendFileSync(order.events, line(event));
}

function line(event: object): string {
  return `${JSON.stringify({ ...event, at })}\n`;
}
