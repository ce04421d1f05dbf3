import { Command } from 'commander';
import { problemOfUserName } from '../../auth/user-name.ts';
import type { UserStore } from '../../auth/user-store.ts';
import type { Cli } from '../cli.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { choosePassword, type ChosenPassword, type PasswordOptions } from '../password-input.ts';
import { writeJson, writeLine } from '../terminal.ts';
import {
  configurationFor,
  withConfigurationOptions,
  type ConfigurationOptions,
} from '../wiring/configuration.ts';
import { writeTable } from '../write-table.ts';

interface ListOptions extends ConfigurationOptions {
  readonly json?: boolean;
}

interface AddOptions extends ConfigurationOptions, PasswordOptions {
  readonly admin?: boolean;
}

interface PasswdOptions extends ConfigurationOptions, PasswordOptions {}

interface AdminOptions extends ConfigurationOptions {
  readonly revoke?: boolean;
}

export function usersCommand(cli: Cli): Command {
  const named = (name: string, description: string) =>
    withConfigurationOptions(new Command(name).description(description)).argument('<name>');
  return new Command('users')
    .description('manage the users that log in with name and password')
    .addCommand(
      withPasswordOptions(named('add', 'add a user'))
        .option('--admin', 'the user sees and manages the runs of all')
        .action((name: string, options: AddOptions) => addUser(cli, name, options)),
    )
    .addCommand(
      withConfigurationOptions(new Command('list').description('list the users'))
        .option('--json', 'print JSON for scripts')
        .action((options: ListOptions) => listUsers(cli, options)),
    )
    .addCommand(
      withPasswordOptions(named('passwd', 'give a user another password')).action(
        (name: string, options: PasswdOptions) => changePassword(cli, name, options),
      ),
    )
    .addCommand(
      named('disable', 'keep a user out, at once; the runs stay').action(
        (name: string, options: ConfigurationOptions) =>
          change(cli, options, name, { isDisabled: true }, 'is disabled'),
      ),
    )
    .addCommand(
      named('enable', 'let a disabled user in again').action(
        (name: string, options: ConfigurationOptions) =>
          change(cli, options, name, { isDisabled: false }, 'is enabled'),
      ),
    )
    .addCommand(
      named('admin', 'let a user see and manage the runs of all')
        .option('--revoke', 'only their own again')
        .action((name: string, options: AdminOptions) => {
          const isAdmin = options.revoke !== true;
          return change(cli, options, name, { isAdmin }, isAdmin ? 'is an admin' : 'is no admin');
        }),
    );
}

function withPasswordOptions(command: Command): Command {
  return command
    .option('--password-stdin', 'read the password from standard input')
    .option('--generate', 'make a password and print it');
}

async function addUser(cli: Cli, name: string, options: AddOptions): Promise<void> {
  const problem = problemOfUserName(name);
  if (problem !== undefined) throw new UsageError(`The name of a user ${problem}`);
  await withUsers(cli, options, async (users) => {
    // Asked first, so that nobody chooses a password for nothing.
    if ((await users.getUser(name)) !== undefined) throw taken(name);
    const chosen = await acceptablePassword(cli, options);
    const isAdded = await users.addUser({
      name,
      passwordHash: chosen.passwordHash,
      isAdmin: options.admin === true,
      isDisabled: false,
      createdAt: Date.now(),
    });
    if (!isAdded) throw taken(name);
    tellPassword(cli, `User ${name} was added.`, chosen);
  });
}

function taken(name: string): UsageError {
  return new UsageError(
    `There is a user ${name} already; \`wes users passwd ${name}\` gives another password`,
  );
}

async function changePassword(cli: Cli, name: string, options: PasswdOptions): Promise<void> {
  await withUsers(cli, options, async (users) => {
    if ((await users.getUser(name)) === undefined) {
      noSuchUser(cli, name);
      return;
    }
    const chosen = await acceptablePassword(cli, options);
    await users.updateUser(name, { passwordHash: chosen.passwordHash });
    tellPassword(cli, `User ${name} has another password.`, chosen);
  });
}

async function acceptablePassword(
  cli: Cli,
  options: PasswordOptions,
): Promise<ChosenPassword & { readonly passwordHash: string }> {
  // Loaded here, so that the other commands do not pay for native code that they never call.
  const { hashPassword, problemOfPassword } = await import('../../auth/password.ts');
  const chosen = await choosePassword(cli, options);
  const problem = problemOfPassword(chosen.password);
  if (problem !== undefined) throw new UsageError(`The password ${problem}`);
  return { ...chosen, passwordHash: await hashPassword(chosen.password) };
}

/** A generated password alone goes to standard output, where a script can take it from. */
function tellPassword(cli: Cli, message: string, chosen: ChosenPassword): void {
  const { stdout, stderr } = cli.terminal;
  writeLine(chosen.isGenerated ? stderr : stdout, message);
  if (chosen.isGenerated) writeLine(stdout, chosen.password);
}

async function listUsers(cli: Cli, options: ListOptions): Promise<void> {
  await withUsers(cli, options, async (store) => {
    const users = await store.listUsers();
    if (options.json === true) {
      const documents = users.map(({ name, isAdmin, isDisabled, createdAt }) => ({
        name,
        admin: isAdmin,
        disabled: isDisabled,
        created: new Date(createdAt).toISOString(),
      }));
      writeJson(cli.terminal, documents);
      return;
    }
    writeTable(cli.terminal.stdout, users, [
      { title: 'NAME', value: (user) => user.name },
      { title: 'ROLE', value: (user) => (user.isAdmin ? 'admin' : 'user') },
      { title: 'STATE', value: (user) => (user.isDisabled ? 'disabled' : 'enabled') },
      { title: 'CREATED', value: (user) => new Date(user.createdAt).toISOString().slice(0, 10) },
    ]);
  });
}

async function change(
  cli: Cli,
  options: ConfigurationOptions,
  name: string,
  changes: Parameters<UserStore['updateUser']>[1],
  outcome: string,
): Promise<void> {
  await withUsers(cli, options, async (users) => {
    if (await users.updateUser(name, changes)) {
      writeLine(cli.terminal.stdout, `User ${name} ${outcome}.`);
    } else noSuchUser(cli, name);
  });
}

function noSuchUser(cli: Cli, name: string): void {
  const hint = 'users of BASIC_AUTH_USERS are changed there';
  writeLine(cli.terminal.stderr, `wes: There is no user ${name} in the database (${hint})`);
  cli.finish(EXIT.notFound);
}

async function withUsers(
  cli: Cli,
  options: ConfigurationOptions,
  work: (users: UserStore) => Promise<void>,
): Promise<void> {
  const { openMigratedDatabase } = await import('../wiring/database.ts');
  const database = await openMigratedDatabase(configurationFor(cli, options));
  try {
    await work(database.users);
  } finally {
    await database.close();
  }
}
