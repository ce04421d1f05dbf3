import { chmodSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import type { Plan } from '../plan.ts';

/** Where a workflow publishes that has a parameter for it without a default, as those of nf-core. */
const OUTPUT_DIRECTORY = 'results';
const WITHOUT_DEFAULT = /\boutdir\s*=\s*(?:null|false|''|"")/;
const EXECUTABLE = 0o755;

/** A workflow's files, as far as it lies on this machine. */
interface Project {
  readonly directory: string;
  readonly script: string;
}

function projectOf({ workflow }: Plan): Project | undefined {
  if (workflow.kind !== 'local') return undefined;
  const { path } = workflow;
  return statSync(path).isDirectory()
    ? { directory: path, script: join(path, 'main.nf') }
    : { directory: dirname(path), script: path };
}

/** Attachments come without permissions, but Nextflow puts `bin` on the path of tasks. */
export function makeProgramsExecutable(plan: Plan): void {
  const project = projectOf(plan);
  if (project === undefined || !`${project.directory}${sep}`.startsWith(plan.directory.execution)) {
    return;
  }
  const bin = join(project.directory, 'bin');
  for (const name of namesIn(bin)) chmodSync(join(bin, name), EXECUTABLE);
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Options for parameters that the client left out and without which nothing would be published. */
export function defaultParameters(plan: Plan): readonly string[] {
  const project = projectOf(plan);
  if (project === undefined || plan.parameterNames.includes('outdir')) return [];
  const texts = [project.script, join(project.directory, 'nextflow.config')].map(textOf);
  return texts.some((text) => WITHOUT_DEFAULT.test(text)) ? ['--outdir', OUTPUT_DIRECTORY] : [];
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
