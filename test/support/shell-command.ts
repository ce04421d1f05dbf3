import type { Command } from '../../src/runs/command.ts';
import type { RunDirectory } from '../../src/runs/run-directory.ts';

export const SHELL_PATH = '/usr/local/bin:/usr/bin:/bin';

/** A script as the command of a run, in the run's own directories. */
export function shellCommand(script: string, directory: RunDirectory): Command {
  return {
    argv: ['sh', '-c', script],
    workingDirectory: directory.execution,
    environment: { PATH: SHELL_PATH, HOME: directory.home, TMPDIR: directory.temporary },
    stdoutPath: directory.stdout,
    stderrPath: directory.stderr,
    files: [],
    stopSignal: 'SIGTERM',
  };
}
