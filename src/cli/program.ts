import { Command, CommanderError } from 'commander';
import type { Cli } from './cli.ts';
import { cancelCommand } from './commands/cancel.ts';
import { daemonCommand } from './commands/daemon.ts';
import { doctorCommand } from './commands/doctor.ts';
import { enginesCommand } from './commands/engines.ts';
import { historyCommand } from './commands/history.ts';
import { infoCommand } from './commands/info.ts';
import { logCommand } from './commands/log.ts';
import { migrateCommand } from './commands/migrate.ts';
import { outputsCommand } from './commands/outputs.ts';
import { pauseCommand, resumeCommand } from './commands/pause.ts';
import { pruneCommand } from './commands/prune.ts';
import { removeCommand } from './commands/remove.ts';
import { rerunCommand } from './commands/rerun.ts';
import { runsCommand } from './commands/runs.ts';
import { serveCommand } from './commands/serve.ts';
import { statusCommand } from './commands/status.ts';
import { submitCommand } from './commands/submit.ts';
import { tasksCommand } from './commands/tasks.ts';
import { upCommand } from './commands/up.ts';
import { usersCommand } from './commands/users.ts';
import { watchCommand } from './commands/watch.ts';
import { EXIT, exitCodeOf, type ExitCode } from './exit-codes.ts';
import { writeLine } from './terminal.ts';
import { packageVersion } from './version.ts';

const OPERATOR_COMMANDS = [
  upCommand,
  serveCommand,
  daemonCommand,
  migrateCommand,
  doctorCommand,
  enginesCommand,
  pruneCommand,
  usersCommand,
];

const CLIENT_COMMANDS = [
  infoCommand,
  submitCommand,
  runsCommand,
  statusCommand,
  logCommand,
  tasksCommand,
  outputsCommand,
  historyCommand,
  cancelCommand,
  pauseCommand,
  resumeCommand,
  rerunCommand,
  removeCommand,
  watchCommand,
];

const EXIT_STATUS_HELP = `
Exit status: 0 done; 1 the run did not end well, or an operator command failed; 2 wrong
usage; 3 refused by the server; 4 not found; 5 not authorized; 6 server not reachable or
broken; 130 interrupted.`;

/** The whole command line, also for the page that is printed from it. */
export function createProgram(cli: Cli): Command {
  const program = new Command('wes')
    .description('GA4GH Workflow Execution Service: the service, and a client for any WES server.')
    .version(packageVersion())
    .addHelpText('after', EXIT_STATUS_HELP)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => cli.terminal.stdout.write(text),
      writeErr: (text) => cli.terminal.stderr.write(text),
    });
  addGroup(
    program,
    'Service:',
    OPERATOR_COMMANDS.map((create) => create(cli)),
  );
  addGroup(
    program,
    'Client:',
    CLIENT_COMMANDS.map((create) => create(cli)),
  );
  return program;
}

function addGroup(program: Command, title: string, commands: readonly Command[]): void {
  for (const command of commands) {
    inheritSettings(command.helpGroup(title), program);
    program.addCommand(command);
  }
}

/** Commands that were made by themselves know nothing yet of where to write and how to end. */
function inheritSettings(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  for (const nested of command.commands) inheritSettings(nested, command);
}

/**
 * Runs one command line (without program and script) and gives its exit status. What goes wrong is
 * said in one message on standard error.
 */
export async function runCommandLine(
  args: readonly string[],
  surroundings: Omit<Cli, 'finish'>,
): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const cli: Cli = { ...surroundings, finish: (chosen) => (code = chosen) };
  try {
    await createProgram(cli).parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // commander has said what is wrong, or shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const cause = cli.signal.aborted ? (cli.signal.reason as unknown) : error;
    const status = exitCodeOf(cause);
    if (status !== EXIT.interrupted) writeLine(cli.terminal.stderr, `wes: ${messageOf(cause)}`);
    return status;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
