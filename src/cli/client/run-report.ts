import { isJsonObject } from '../../runs/json.ts';
import type { WesClient } from '../../wes/client.ts';
import type { RunRecord } from '../../wes/reading.ts';
import type { TaskLog } from '../../wes/run-log.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { tableLines } from '../table.ts';
import { painterFor, plainText, writeLine, type Terminal } from '../terminal.ts';
import { logTail } from './log-text.ts';
import { byteCount, taskState } from './run-display.ts';

const TAIL = { maxBytes: 8192, maxLines: 20 };

/** COMPLETE is the one good end of a run. */
export function exitCodeOfRun(run: RunRecord): ExitCode {
  return run.state === 'COMPLETE' ? EXIT.ok : EXIT.failed;
}

/** What people want to know of a run that ended: its outputs, or what went wrong. */
export async function reportEnding(
  client: WesClient,
  run: RunRecord,
  tasks: readonly TaskLog[],
  stream: Terminal['stdout'],
): Promise<void> {
  if (run.state === 'COMPLETE') {
    writeOutputs(run.outputs ?? {}, stream);
    return;
  }
  const failed = tasks.find((task) => taskState(task) === 'failed');
  writeLine(stream, `The run ended in ${run.state}.`);
  for (const line of (run.run_log.system_logs ?? []).slice(-3)) {
    writeLine(stream, `  ${plainText(line)}`);
  }
  if (failed !== undefined) {
    const exit = failed.exit_code ?? 'unknown';
    writeLine(
      stream,
      `Task ${plainText(`${failed.id} (${failed.name})`)} ended with exit code ${exit}.`,
    );
  }
  await writeTail(client, (await stderrOf(client, run, failed)) ?? run.run_log.stderr, stream);
}

/** Events tell of a task what is needed to show it, and not where its output is. */
async function stderrOf(
  client: WesClient,
  run: RunRecord,
  task: TaskLog | undefined,
): Promise<string | undefined> {
  if (task === undefined || task.stderr !== undefined) return task?.stderr;
  return (await client.getTask(run.run_id, task.id).catch(() => undefined))?.stderr;
}

async function writeTail(
  client: WesClient,
  stderr: string | undefined,
  stream: Terminal['stdout'],
): Promise<void> {
  if (stderr === undefined) return;
  // The log is a help, not the answer: when it can't be had, the report stands without it.
  const lines = await logTail(client, stderr, TAIL).catch(() => []);
  if (lines.length === 0) return;
  writeLine(stream, 'Last lines of its standard error:');
  for (const line of lines) writeLine(stream, `  ${plainText(line)}`);
}

interface OutputRow {
  readonly name: string;
  readonly value: string;
  readonly size: string;
}

export function writeOutputs(
  outputs: Readonly<Record<string, unknown>>,
  stream: Terminal['stdout'],
): void {
  const rows = Object.entries(outputs).flatMap(([name, value]) => outputRows(name, value));
  if (rows.length === 0) {
    writeLine(stream, 'The run has no outputs.');
    return;
  }
  const style = {
    width: stream.isTTY === true ? stream.columns : undefined,
    paint: painterFor(stream),
  };
  const lines = tableLines(
    rows,
    [
      { title: 'OUTPUT', value: (row) => row.name },
      { title: 'SIZE', value: (row) => row.size },
      // Never cut: an address is there to be copied.
      { title: 'VALUE', value: (row) => row.value },
    ],
    style,
  );
  for (const line of lines) writeLine(stream, line);
}

function outputRows(name: string, value: unknown): readonly OutputRow[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => outputRows(`${name}[${index}]`, item));
  }
  if (!isJsonObject(value) || (value.class !== 'File' && value.class !== 'Directory')) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return [{ name, value: text, size: '' }];
  }
  const { location, basename, size, secondaryFiles, listing } = value;
  const shown = [location, basename].find((each) => typeof each === 'string') ?? '';
  const own = { name, value: shown, size: typeof size === 'number' ? byteCount(size) : '' };
  const more = [secondaryFiles, listing].filter((items) => Array.isArray(items)).flat();
  return [own, ...more.flatMap((item: unknown) => outputRows(`${name} +`, item))];
}
