/**
 * Writes the files that are printed from the code: docs/configuration.md and .env.example, both from
 * the table of settings. With `--check` it writes nothing and fails when a file is not up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SETTINGS, type Setting } from '../src/settings.ts';

const root = join(import.meta.dirname, '..');
const settings: readonly Setting[] = Object.values(SETTINGS);

function shownDefault(setting: Setting): string {
  if (setting.fallback === undefined) return '';
  if (Array.isArray(setting.fallback)) return '';
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

const FILES: Readonly<Record<string, string>> = {
  'docs/configuration.md': configurationPage(),
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
