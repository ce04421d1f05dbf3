import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type {
  ContainerRuntime,
  Engine,
  EngineInstallation,
  TaskEvent,
} from '../../src/engines/engine.ts';
import { listProcesses } from '../../src/executors/local/process-table.ts';
import type { Command } from '../../src/runs/command.ts';
import { runDirectory, type RunDirectory } from '../../src/runs/run-directory.ts';
import type { RunRequest } from '../../src/runs/run.ts';

export interface RunSetup {
  readonly request: RunRequest;
  /** Attachment name → content. */
  readonly files?: Readonly<Record<string, string>>;
  readonly cores?: number;
  readonly allowedFileRoots?: readonly string[];
  readonly cacheDirectory?: string;
  readonly containers?: ContainerRuntime;
  /** What of the daemon's environment engines get. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Address of a warm server for the installation. */
  readonly warmServer?: string;
}

/** A run of an engine in a directory of its own, started as an executor would, without an executor. */
export interface EngineRun {
  /** Its own, so that whoever ends all processes of a run ends no others. */
  readonly runId: string;
  readonly directory: RunDirectory;
  readonly command: Command;
  readonly process: ChildProcess;
  /** Exit code as a shell gives it. */
  readonly exited: Promise<number>;
  events(): Promise<readonly TaskEvent[]>;
  /** Ends what is left of it and removes its directory. */
  remove(): Promise<void>;
}

/** A run that is ready to be started by whoever gets it. */
export interface PreparedRun {
  readonly runId: string;
  readonly workRoot: string;
  readonly directory: RunDirectory;
  readonly command: Command;
}

export async function prepareEngineRun(
  engine: Engine,
  installation: EngineInstallation,
  { request, files = {}, cores = 2, allowedFileRoots = [], ...more }: RunSetup,
): Promise<PreparedRun> {
  const workRoot = await mkdtemp(join(tmpdir(), 'wes engine run-'));
  const runId = `run-${randomUUID()}`;
  const directory = runDirectory(workRoot, 'run', 1);
  await stage(directory, files);
  const command = engine.command({
    ...{ runId, request, installation, directory, cores, allowedFileRoots },
    searchPath: [dirname(process.execPath), process.env.PATH ?? ''].join(':'),
    ...more,
  });
  for (const { path, content } of command.files) await writeFile(path, content);
  return { runId, workRoot, directory, command };
}

export async function startEngineRun(
  engine: Engine,
  installation: EngineInstallation,
  setup: RunSetup,
): Promise<EngineRun> {
  const prepared = await prepareEngineRun(engine, installation, setup);
  const { runId, workRoot, directory, command } = prepared;
  const child = launch(command);
  const exited = new Promise<number>((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === 'SIGKILL' ? 9 : 15)));
  });
  return {
    runId,
    directory,
    command,
    process: child,
    exited,
    events: async () => (await engine.tasks(directory, 0)).events,
    remove: async () => {
      signalGroup(child, 'SIGKILL');
      await exited;
      await rm(workRoot, { recursive: true, force: true });
    },
  };
}

async function stage(
  directory: RunDirectory,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const { execution, outputs, temporary, home, job, tasks } = directory;
  for (const path of [execution, outputs, temporary, home, job, tasks]) {
    await mkdir(path, { recursive: true });
  }
  for (const [name, content] of Object.entries(files)) {
    const path = join(execution, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

function launch(command: Command): ChildProcess {
  const [program = '', ...words] = command.argv;
  const stdout = openSync(command.stdoutPath, 'w');
  const stderr = openSync(command.stderrPath, 'w');
  const child = spawn(program, words, {
    cwd: command.workingDirectory,
    env: command.environment,
    stdio: ['ignore', stdout, stderr],
    detached: true,
  });
  closeSync(stdout);
  closeSync(stderr);
  return child;
}

/** To the whole process group of the run; nothing happens when it is gone. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    return; // the group has ended
  }
}

/** Whether a process of the run lives. Zombies do not count: how soon they are reaped is the init process's affair. */
export async function isAnythingAlive({ process: child, directory }: EngineRun): Promise<boolean> {
  return (await listProcesses()).some(
    ({ group, workingDirectory, environment }) =>
      group === child.pid ||
      workingDirectory?.startsWith(directory.root) === true ||
      environment.some((entry) => entry.includes(directory.root)),
  );
}
