import { Command } from 'commander';
import type { Config } from '../../config.ts';
import type { Cli } from '../cli.ts';
import { broken, type Finding } from '../doctor/check.ts';
import { EXIT } from '../exit-codes.ts';
import { painterFor, writeJson, writeLine, type Colour } from '../terminal.ts';
import {
  configurationFor,
  withConfigurationOptions,
  type ConfigurationOptions,
} from '../wiring/configuration.ts';

interface DoctorOptions extends ConfigurationOptions {
  readonly json?: boolean;
}

const COLOURS: Readonly<Record<Finding['status'], Colour>> = {
  ok: 'green',
  warning: 'yellow',
  broken: 'red',
};

export function doctorCommand(cli: Cli): Command {
  const command = new Command('doctor').description(
    'look for what is wrong with this installation, and say what to do about it',
  );
  return withConfigurationOptions(command)
    .option('--json', 'print JSON for scripts')
    .action((options: DoctorOptions) => doctor(cli, options));
}

async function doctor(cli: Cli, options: DoctorOptions): Promise<void> {
  const findings = await findingsFor(cli, options);
  if (findings.some((finding) => finding.status === 'broken')) cli.finish(EXIT.failed);
  if (options.json === true) {
    writeJson(cli.terminal, findings);
    return;
  }
  const paint = painterFor(cli.terminal.stdout);
  for (const { name, status, detail, remedy } of findings) {
    const mark = paint(COLOURS[status], status.padEnd(8));
    writeLine(cli.terminal.stdout, `${mark}${name.padEnd(14)}${detail}`);
    if (remedy !== undefined) writeLine(cli.terminal.stdout, `${' '.repeat(22)}→ ${remedy}`);
  }
}

/** A configuration that can't be read is a finding too, and leaves nothing else to look at. */
async function findingsFor(cli: Cli, options: DoctorOptions): Promise<readonly Finding[]> {
  let config: Config;
  try {
    config = configurationFor(cli, options);
  } catch (error) {
    return [broken('Configuration', error, 'See docs/configuration.md for every setting')];
  }
  const { examine } = await import('../doctor/examine.ts');
  const configuration: Finding = { name: 'Configuration', status: 'ok', detail: config.dataDir };
  return [configuration, ...(await examine(config, Date.now()))];
}
