import type { JsonObject } from '../../src/runs/json.ts';
import type { RunRequest } from '../../src/runs/run.ts';
import type { RunSetup } from './engine-run.ts';

/** A Snakefile as the attachment `Snakefile`, and the request that runs it. */
export function smkRun(
  snakefile: string,
  workflowParams: JsonObject = {},
  files: Readonly<Record<string, string>> = {},
): RunSetup & { readonly files: Readonly<Record<string, string>> } {
  return { request: smkRequest({ workflowParams }), files: { Snakefile: snakefile, ...files } };
}

export function smkRequest(changes: Partial<RunRequest> = {}): RunRequest {
  return { workflowType: 'SMK', workflowTypeVersion: '9', workflowUrl: 'Snakefile', ...changes };
}

export interface RuleParts {
  readonly input?: string;
  readonly output?: string;
  readonly shell?: string;
  /** Further lines, as `threads: 2`. */
  readonly more?: readonly string[];
}

/** A rule as Snakemake writes it; `input` and `output` are Python, `shell` is a command. */
export function smkRule(name: string, { input, output, shell, more = [] }: RuleParts): string {
  const lines = [
    ...(input === undefined ? [] : [`input: ${input}`]),
    ...(output === undefined ? [] : [`output: ${output}`]),
    ...more,
    ...(shell === undefined ? [] : [`shell: r"""${shell}"""`]),
  ];
  return `rule ${name}:\n${lines.map((line) => `    ${line}\n`).join('')}\n`;
}

/** Rules of which each waits for the one before; each makes a file of its name and is to run its script. */
export function smkChain(scripts: Readonly<Record<string, string>>): string {
  const names = Object.keys(scripts);
  const rules = Object.entries(scripts).map(([name, script], index) =>
    smkRule(name, {
      ...(index > 0 && { input: `"${names[index - 1]}.txt"` }),
      output: `"${name}.txt"`,
      shell: script,
    }),
  );
  return [smkRule('all', { input: `"${names.at(-1)}.txt"` }), ...rules].join('');
}

/** A command that makes the file of a rule. */
export const MADE = 'echo x > {output}';

/** The rule `made` alone, with this command. */
export function smkMaking(shell: string, more: readonly string[] = []): string {
  return smkRule('made', { output: '"made.txt"', shell, more });
}
