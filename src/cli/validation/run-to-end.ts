import { spawn, type ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import { stopProcesses } from '../../executors/local/stop-processes.ts';
import { readProcess } from '../../executors/process-stat.ts';
import type { RunToEnd } from '../../validation/check.ts';

/**
 * In a session of its own, with output in files. What a warm server forked for it is not in that session,
 * so all that works in its directory is ended with it.
 */
export const runToEnd: RunToEnd = async (command, job, signal) => {
  signal.throwIfAborted();
  const { child, exited } = await start(command);
  let stopped: Promise<void> | undefined;
  const stop = (): void => {
    stopped = stopAll(child, job);
    stopped.catch(() => undefined); // awaited below
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await exited;
  } finally {
    signal.removeEventListener('abort', stop);
    await stopped;
    signal.throwIfAborted();
  }
};

interface Started {
  readonly child: ChildProcess;
  readonly exited: Promise<number>;
}

async function start(command: Parameters<RunToEnd>[0]): Promise<Started> {
  const [program = '', ...words] = command.argv;
  const stdout = await open(command.stdoutPath, 'wx', 0o600);
  const stderr = await open(command.stderrPath, 'wx', 0o600);
  try {
    const child = spawn(program, words, {
      cwd: command.workingDirectory,
      env: command.environment,
      detached: true,
      stdio: ['ignore', stdout.fd, stderr.fd],
    });
    // Heard from the first moment: it may end before the files are closed here.
    const exited = exitOf(child);
    exited.catch(() => undefined); // the caller awaits it
    return { child, exited };
  } finally {
    await Promise.all([stdout.close(), stderr.close()]);
  }
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}

async function stopAll(
  child: ChildProcess,
  { runId, runRoot }: Parameters<RunToEnd>[1],
): Promise<void> {
  if (child.pid === undefined) return;
  const leader = child.exitCode === null ? await readProcess(child.pid) : undefined;
  await stopProcesses(
    {
      ...{ host: '', pid: child.pid, start: leader?.start ?? '', directory: runRoot, runRoot },
      ...{ runId, attempt: 0, stopSignal: 'SIGTERM' as const },
    },
    0,
  );
}
