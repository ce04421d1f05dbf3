import type { Command } from 'commander';
import { isTerminal, type State } from '../../runs/state.ts';
import type { WesClient } from '../../wes/client.ts';
import type { Log } from '../../wes/run-log.ts';
import type { RunRecord } from '../../wes/reading.ts';
import type { Cli } from '../cli.ts';
import { clientCommand, connect, type ConnectionOptions } from '../client/connection.ts';
import { copyLog, followLogs, streamLogs, type LogSource } from '../client/log-text.ts';
import { duration } from '../client/run-display.ts';
import { plainText, writeJson, writeLine, type Terminal } from '../terminal.ts';

interface LogOptions extends ConnectionOptions {
  readonly task?: string;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  readonly follow?: boolean;
}

export function logCommand(cli: Cli): Command {
  return clientCommand('log', 'show how a run or a task went, and what it printed')
    .argument('<run-id>', 'id of the run')
    .option('--task <id>', 'a task of the run, rather than the run itself')
    .option('--stdout', 'print its standard output')
    .option('--stderr', 'print its standard error')
    .option('--follow', 'go on printing until the run ends')
    .action(async (runId: string, options: LogOptions) => {
      const client = await connect(cli, options);
      if (options.follow === true) await follow(cli, client, runId, options);
      else if (options.stdout === true || options.stderr === true) {
        const log = await loadLog(client, runId, options);
        for (const { value, target } of sources(log, options, cli.terminal)) {
          if (value !== undefined) await copyLog(client, value, 0, target);
        }
      } else await showRecord(cli, client, runId, options);
    });
}

async function follow(
  cli: Cli,
  client: WesClient,
  runId: string,
  options: LogOptions,
): Promise<void> {
  const now = sources(await loadLog(client, runId, options), options, cli.terminal);
  if (await streamLogs(client, now, cli.signal)) return;
  await followLogs(
    client,
    async () => {
      const { state } = await client.getRunStatus(runId);
      const log = await loadLog(client, runId, options);
      // A task's log is whole when the task ended, even though the run goes on.
      const isWhole = isTerminal(state) || (options.task !== undefined && hasEnded(log));
      return { logs: sources(log, options, cli.terminal), isWhole };
    },
    cli.signal,
  );
}

function hasEnded(log: Log): boolean {
  return log.end_time !== undefined || log.exit_code !== undefined;
}

async function loadLog(client: WesClient, runId: string, options: LogOptions): Promise<Log> {
  if (options.task !== undefined) return await client.getTask(runId, options.task);
  return (await client.getRunLog(runId)).run_log;
}

/** Each of the two on the stream of its own name; both when neither was chosen. */
function sources(log: Log, options: LogOptions, terminal: Terminal): readonly LogSource[] {
  const both = options.stdout !== true && options.stderr !== true;
  const only = options.stdout !== options.stderr && !both;
  const wanted: LogSource[] = [];
  if (both || options.stdout === true) {
    wanted.push({ value: log.stdout, target: terminal.stdout });
  }
  if (both || options.stderr === true) {
    // Asked for alone, it is what the command is to print, and can be piped.
    wanted.push({ value: log.stderr, target: only ? terminal.stdout : terminal.stderr });
  }
  return wanted;
}

async function showRecord(
  cli: Cli,
  client: WesClient,
  runId: string,
  options: LogOptions,
): Promise<void> {
  if (options.task !== undefined) {
    const task = await client.getTask(runId, options.task);
    if (options.json === true) writeJson(cli.terminal, task);
    else writeRows(cli.terminal, [['Task', task.id], ...logRows(task)]);
    return;
  }
  const run = await client.getRunLog(runId);
  if (options.json === true) writeJson(cli.terminal, run);
  else writeRows(cli.terminal, [...requestRows(run), ...logRows(run.run_log)]);
}

type Row = readonly [string, string | undefined];

function requestRows(run: RunRecord): readonly Row[] {
  const { request } = run;
  const state: State = run.state;
  return [
    ['Run', run.run_id],
    ['State', state],
    ['Workflow', request?.workflow_url],
    ['Language', [request?.workflow_type, request?.workflow_type_version].join(' ').trim()],
    ['Engine', [request?.workflow_engine, request?.workflow_engine_version].join(' ').trim()],
    ...Object.entries(request?.tags ?? {}).map(
      ([key, value]) => ['Tag', `${key}=${value}`] as const,
    ),
  ];
}

function logRows(log: Log): readonly Row[] {
  return [
    ['Name', log.name],
    ['Command', log.cmd?.join(' ')],
    ['Started', log.start_time],
    ['Ended', log.end_time],
    ['Time', duration(log)],
    ['Exit code', log.exit_code?.toString()],
    ['Stdout', shortened(log.stdout)],
    ['Stderr', shortened(log.stderr)],
    ...(log.system_logs ?? []).map((line) => ['Log', line] as const),
  ];
}

const LONGEST_VALUE = 2000;

/** Servers that put the text itself in place of its address may put megabytes there. */
function shortened(value: string | undefined): string | undefined {
  if (value === undefined || value.length <= LONGEST_VALUE) return value;
  return `${value.slice(0, LONGEST_VALUE)}…`;
}

function writeRows(terminal: Terminal, rows: readonly Row[]): void {
  for (const [title, value] of rows) {
    if (value === undefined || value === '') continue;
    writeLine(terminal.stdout, `${title.padEnd(11)}${plainText(value)}`);
  }
}
