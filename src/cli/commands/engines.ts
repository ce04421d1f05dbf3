import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { INSTALLABLE_ENGINES, installEngine } from '../engines/install-engine.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
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

interface InstallOptions extends ConfigurationOptions {
  readonly force?: boolean;
  readonly engineVersion?: string;
}

export function enginesCommand(cli: Cli): Command {
  const list = new Command('list')
    .description('show the workflow engines that this machine has')
    .option('--json', 'print JSON for scripts');
  const install = new Command('install')
    .description('find a workflow engine on this machine, or install it')
    .argument('<name>', `engine: ${INSTALLABLE_ENGINES.join(', ')}`)
    .option('--force', 'install a private copy although there is one already')
    .option('--engine-version <version>', 'this version, as 7: others stay beside it');
  return new Command('engines')
    .description('show and install workflow engines')
    .addCommand(
      withConfigurationOptions(list).action((options: ListOptions) => listEngines(cli, options)),
      { isDefault: true },
    )
    .addCommand(
      withConfigurationOptions(install).action((name: string, options: InstallOptions) =>
        installNamed(cli, name, options),
      ),
    );
}

async function listEngines(cli: Cli, options: ListOptions): Promise<void> {
  const { detectInstalled } = await import('../wiring/engines.ts');
  const installed = await detectInstalled(configurationFor(cli, options));
  const rows = installed.flatMap(({ engine, installations }) =>
    installations.map(({ version, launcher }) => ({
      engine: engine.name,
      version,
      workflow_types: engine.workflowTypes,
      launcher,
    })),
  );
  if (options.json === true) {
    writeJson(cli.terminal, rows);
    return;
  }
  if (rows.length === 0) {
    const remedy = 'No workflow engine found: `wes engines install cwltool` gets one.';
    writeLine(cli.terminal.stdout, remedy);
    return;
  }
  writeTable(cli.terminal.stdout, rows, [
    { title: 'ENGINE', value: (row) => row.engine },
    { title: 'VERSION', value: (row) => row.version },
    { title: 'WORKFLOWS', value: (row) => languages(row.workflow_types), shrinks: true },
    { title: 'PROGRAM', value: (row) => row.launcher.join(' '), shrinks: true },
  ]);
}

function languages(types: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(types)
    .map(([type, versions]) => `${type} ${versions.join(' ')}`)
    .join(', ');
}

async function installNamed(cli: Cli, name: string, options: InstallOptions): Promise<void> {
  if (!INSTALLABLE_ENGINES.includes(name)) {
    const known = INSTALLABLE_ENGINES.join(', ');
    throw new UsageError(`"${name}" can't be installed by this command; it installs: ${known}`);
  }
  const result = await installEngine(name, {
    installRoot: configurationFor(cli, options).engineInstallDir,
    log: (line) => writeLine(cli.terminal.stdout, line),
    force: options.force === true,
    ...(options.engineVersion !== undefined && { version: options.engineVersion }),
    environment: { ...cli.environment },
  });
  if (result === undefined) cli.finish(EXIT.failed);
}
