import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseOptions } from './options.ts';
import { renderReport } from './report.ts';
import { runChaos } from './chaos.ts';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) return;
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => interruption.abort());
  }
  const root = await mkdtemp(join(tmpdir(), 'wes-chaos-'));
  process.stderr.write(`chaos: seed ${options.seed}, ${options.database}, in ${root}\n`);
  const report = await runChaos(root, options, interruption.signal);
  process.stdout.write(renderReport(report));
  // Broken off, it has shown nothing: the runs were not looked at.
  if (interruption.signal.aborted) process.stdout.write('INTERRUPTED before the checks\n');
  if (options.jsonFile !== undefined) {
    await writeFile(options.jsonFile, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  process.exitCode = exitCodeOf(report.violations.length, interruption.signal.aborted);
}

function exitCodeOf(violations: number, isInterrupted: boolean): number {
  if (violations > 0) return 1;
  return isInterrupted ? 130 : 0;
}

await main();
