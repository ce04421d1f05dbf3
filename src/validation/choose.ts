import type { InstalledEngine } from '../engines/detect.ts';
import type { EngineInstallation, EngineValidation } from '../engines/engine.ts';
import type { EngineCatalog } from '../runs/engine-catalog.ts';
import type { CheckedRun } from '../runs/request-validator.ts';
import { locateWorkflow, type WorkflowUrlLimits } from '../runs/workflow-url.ts';
import { NotChecked } from './not-checked.ts';

/** Who checks a request, and what. */
export interface Checker {
  readonly installed: InstalledEngine;
  readonly installation: EngineInstallation;
  readonly validation: EngineValidation;
  /** Name of the attachment that is the workflow. */
  readonly workflow: string;
}

export interface ChoiceDeps {
  /** The engines of this machine. */
  readonly installed: () => Promise<readonly InstalledEngine[]>;
  readonly catalog: Pick<EngineCatalog, 'offers'>;
  readonly settings: WorkflowUrlLimits;
}

/** Undefined for an engine whose requests are never checked, or that is not on this machine. */
export async function engineWithValidation(
  { engine: name }: CheckedRun,
  { installed }: ChoiceDeps,
): Promise<Pick<Checker, 'installed' | 'validation'> | undefined> {
  const found = (await installed()).find(({ engine }) => engine.name === name);
  const validation = found?.engine.validation;
  return found && validation && { installed: found, validation };
}

/** @throws NotChecked */
export async function chooseChecker(
  run: CheckedRun,
  one: Pick<Checker, 'installed' | 'validation'>,
  deps: ChoiceDeps,
): Promise<Checker> {
  const workflow = attachedWorkflow(run, deps.settings);
  const offer = (await deps.catalog.offers()).find(({ engine }) => engine === run.engine);
  // The version that would run it: an older one must not refuse what a newer one elsewhere takes.
  const version = run.request.workflowEngineVersion ?? offer?.versions[0];
  const { installations } = one.installed;
  const installation = installations.find((known) => known.version === version);
  if (installation !== undefined) return { ...one, installation, workflow };
  throw new NotChecked(`${run.engine} ${version} is not on this machine`);
}

function attachedWorkflow({ request, attachments }: CheckedRun, limits: WorkflowUrlLimits): string {
  const names = attachments.map(({ name }) => name);
  const location = locateWorkflow(request.workflowUrl, names, limits);
  if (location.kind === 'attachment') return location.name;
  // In the web, or on the machines of the daemons.
  throw new NotChecked('the workflow is not attached');
}
