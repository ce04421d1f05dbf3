/**
 * Writes the files that are printed from the code: docs/configuration.md and .env.example from the
 * table of settings, docs/cli.md from the commands. With `--check` it writes nothing and fails when a
 * file is not up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createProgram } from '../src/cli/program.ts';
import { SETTINGS, type Setting } from '../src/settings.ts';

const root = join(import.meta.dirname, '..');
const settings: readonly Setting[] = Object.values(SETTINGS);

function shownDefault(setting: Setting): string {
  if (setting.fallback === undefined) return '';
  if (Array.isArray(setting.fallback)) return setting.fallback.join(',');
  return `${setting.fallback as string | number | boolean}`.replace(
    '${HOME_DATA}',
    '~/.local/share/ga4gh-wes',
  );
}

function configurationPage(): string {
  const rows = settings.map((setting) => {
    const fallback = shownDefault(setting);
    const shown = fallback === '' ? '–' : `\`${fallback}\``;
    return `| \`${setting.env}\` | ${shown} | ${setting.takes} | ${setting.description} |`;
  });
  return `# Configuration

Printed from \`src/settings.ts\` by \`npm run generate\`: do not edit by hand.

A setting is taken from, weakest first: its default, the file named with \`--config\`
(lines of \`NAME=value\`), the environment, the command line (\`--set NAME=value\`). An unknown name
in the file is an error; an empty variable counts as not set. With nothing set, \`wes up\` works.

| name | default | takes | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function exampleFile(): string {
  const entries = settings.map(
    (setting) => `# ${setting.description}\n# ${setting.env}=${shownDefault(setting)}\n`,
  );
  return `# Settings of the service; printed from src/settings.ts by \`npm run generate\`.\n\n${entries.join('\n')}`;
}

const HELP_WIDTH = 100;

function commandLinePage(): string {
  const program = createProgram({
    terminal: process,
    environment: {},
    workingDirectory: root,
    signal: new AbortController().signal,
    finish: () => undefined,
  });
  return `# The \`wes\` command

Printed from the commands by \`npm run generate\`: do not edit by hand.

One command for the service, its operation, and as a client of any WES server. Settings of the service are in
[configuration.md](configuration.md). Clients take the server from \`--server\` or \`WES_SERVER\` and credentials from
\`--user\`, \`--token\`, or \`WES_USER\`, \`WES_PASSWORD\`, \`WES_TOKEN\`.

| exit status | meaning |
| --- | --- |
| 0 | done; the run that was waited for is complete |
| 1 | the run did not end well, or an operator command failed or found something broken |
| 2 | wrong usage or configuration: nothing was done |
| 3 | refused by the server |
| 4 | no such run, task or output |
| 5 | not authorized |
| 6 | the server can't be reached or is broken |
| 130 | interrupted |

${program.commands.map((command) => commandSection(command, 'wes')).join('\n')}`;
}

function commandSection(command: Command, parent: string): string {
  const name = `${parent} ${command.name()}`;
  command.configureOutput({ getOutHelpWidth: () => HELP_WIDTH });
  const help = command
    .helpInformation()
    .trimEnd()
    .replace(/^Usage: .*$/m, `Usage: ${name} ${command.usage()}`);
  const nested = command.commands.map((inner) => commandSection(inner, name));
  return [`## ${name}\n\n\`\`\`text\n${help}\n\`\`\`\n`, ...nested].join('\n');
}

const FILES: Readonly<Record<string, string>> = {
  'docs/configuration.md': configurationPage(),
  'docs/cli.md': commandLinePage(),
  '.env.example': exampleFile(),
};

const checkOnly = process.argv.includes('--check');
for (const [path, content] of Object.entries(FILES)) {
  const file = join(root, path);
  if (!checkOnly) {
    writeFileSync(file, content);
  } else if (readFileSync(file, 'utf8') !== content) {
    console.error(`${path} is not up to date: run \`npm run generate\``);
    process.exitCode = 1;
  }
}
