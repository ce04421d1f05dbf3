import type { EngineParameter } from '../../runs/engine-catalog.ts';
import { invalidRequest } from '../../runs/errors.ts';
import type { RunRequest } from '../../runs/run.ts';
import { parameterReader } from '../driven/parameters.ts';

/** What a client may choose through `workflow_engine_parameters`. */
export const SNAKEMAKE_PARAMETERS: readonly EngineParameter[] = [
  {
    name: 'targets',
    type: 'string',
    defaultValue: '',
    description: 'Rules or files to make instead of the first rule, separated by blanks.',
  },
  {
    name: 'until',
    type: 'string',
    defaultValue: '',
    description: 'Rules or files, separated by blanks, after which to stop.',
  },
  {
    name: 'keep-going',
    type: 'boolean',
    defaultValue: 'false',
    description: 'After a failed job go on with those that do not depend on it.',
  },
  {
    name: 'retries',
    type: 'integer',
    defaultValue: '0',
    description: 'How often a failed job is tried again, unless its rule says so itself.',
  },
  {
    name: 'notemp',
    type: 'boolean',
    defaultValue: 'false',
    description: 'Keep the files that rules declare as temp().',
  },
  {
    name: 'set-threads',
    type: 'string',
    defaultValue: '',
    description: 'Threads of rules, as rule=4, separated by blanks.',
  },
  {
    name: 'set-resources',
    type: 'string',
    defaultValue: '',
    description: 'Resources of rules, as rule:mem_mb=2000, separated by blanks.',
  },
  {
    name: 'default-resources',
    type: 'string',
    defaultValue: '',
    description: 'Resources of rules that name none, as mem_mb=1000, separated by blanks.',
  },
  {
    name: 'resources',
    type: 'string',
    defaultValue: '',
    description: 'What all jobs together may use, as mem_mb=8000, separated by blanks.',
  },
];

const valueOf = parameterReader(SNAKEMAKE_PARAMETERS);

/** Parameters of several words, with what a word looks like: none may be taken for another option. */
const WORDS: Readonly<Record<string, { readonly form: RegExp; readonly like: string }>> = {
  targets: { form: /^(?!\/|(?:.*\/)?\.\.(?:\/|$))/, like: 'rules, or files below the run' },
  until: { form: /^[^-]/, like: 'rules or files' },
  'set-threads': { form: /^\w+=\d+$/, like: 'rule=4' },
  'set-resources': { form: /^\w+:\w+=\S+$/, like: 'rule:mem_mb=2000' },
  'default-resources': { form: /^\w+=\S+$/, like: 'mem_mb=1000' },
  resources: { form: /^\w+=\d+$/, like: 'mem_mb=8000' },
};

/** @throws WesError `invalid_request` for a word that Snakemake would not take for what it is to be */
export function checkWords(request: RunRequest): void {
  for (const [name, { form, like }] of Object.entries(WORDS)) {
    const wrong = wordsOf(request, name).find((word) => !form.test(word));
    if (wrong === undefined) continue;
    throw invalidRequest(
      `workflow_engine_parameters.${name}`,
      `'${wrong}' is not among what it takes: ${like}`,
    );
  }
}

function wordsOf(request: RunRequest, name: string): readonly string[] {
  return valueOf(request, name)
    .split(/\s+/)
    .filter((word) => word !== '');
}

/** Snakemake's options for the parameters; its targets come last. */
export function parameterOptions(request: RunRequest): readonly string[] {
  const option = (name: string): readonly string[] => {
    const words = wordsOf(request, name);
    return words.length === 0 ? [] : [`--${name}`, ...words];
  };
  const flag = (name: string): readonly string[] =>
    valueOf(request, name) === 'true' ? [`--${name}`] : [];
  return [
    ...flag('keep-going'),
    ...flag('notemp'),
    ...['--retries', valueOf(request, 'retries')],
    ...['until', 'set-threads', 'set-resources', 'default-resources', 'resources'].flatMap(option),
    '--',
    ...wordsOf(request, 'targets'),
  ];
}
