import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missing } from './databases.ts';
import { machineFacts } from './machine.ts';
import { measureDatabase, measureRaw } from './measure.ts';
import type { DatabaseFigures } from './measure.ts';
import { parseOptions } from './options.ts';
import type { BenchOptions } from './options.ts';
import { renderReport } from './report.ts';
import type { BenchReport } from './report.ts';

const RAW_SECONDS = 2;

async function measure(options: BenchOptions, directory: string): Promise<BenchReport> {
  const start = performance.now();
  const machine = machineFacts();
  say('raw node:http');
  const rawBefore = await measureRaw(directory, RAW_SECONDS);
  const databases: DatabaseFigures[] = [];
  const skipped = [];
  for (const database of options.databases) {
    const reason = missing(database);
    if (reason !== undefined) {
      say(`${database}: SKIPPED: ${reason}`);
      skipped.push({ database, reason });
      continue;
    }
    const tell = (text: string) => say(`${database}: ${text}`);
    databases.push(await measureDatabase(database, directory, options, tell));
  }
  const rawAfter = await measureRaw(directory, RAW_SECONDS);
  const durationSeconds = (performance.now() - start) / 1000;
  return { machine, raw: [rawBefore, rawAfter], databases, skipped, durationSeconds };
}

/** Progress is not part of the result. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) return;
  const directory = await mkdtemp(join(tmpdir(), 'wes-bench-'));
  try {
    const report = await measure(options, directory);
    process.stdout.write(
      options.asJson ? `${JSON.stringify(report, null, 2)}\n` : renderReport(report),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

await main();
