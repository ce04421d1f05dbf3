import type { Task } from '../../runs/run.ts';
import type { References } from './entity.ts';
import type { CrateFacts } from './facts.ts';
import { fileId, localId } from './ids.ts';
import { inputSlots, outputSlots, workflowFile, type WorkflowFile } from './inputs.ts';
import type { Slots } from './slots.ts';

/** The facts of a run, and what is needed of them again and again while its crate is told. */
export interface Plan extends CrateFacts {
  readonly workflow: WorkflowFile;
  readonly inputs: Slots;
  readonly outputParameters: Slots;
  /** Inputs that lie elsewhere. */
  readonly remoteFiles: readonly string[];
  readonly agentId: string;
  readonly hasTasks: boolean;
}

export async function planOf(facts: CrateFacts): Promise<Plan> {
  const { run, attachments } = facts;
  const workflow = workflowFile(run, attachments);
  const inputs = inputSlots(run, attachments);
  const attached = new Set(attachments.map(({ name }) => fileId('attachments', name)));
  const isRemote = (id: string) => !attached.has(id) && id !== workflow.id;
  return {
    ...facts,
    workflow,
    inputs,
    outputParameters: outputSlots(run),
    remoteFiles: [...inputs.files.keys()].filter(isRemote),
    agentId: localId('user', run.owner),
    hasTasks: await isAny(facts.tasks()),
  };
}

async function isAny(items: AsyncIterable<unknown>): Promise<boolean> {
  // Leaving the loop ends the walk.
  for await (const _ of items) return true;
  return false;
}

/** One reference for each task. */
export async function* ofTasks(
  { tasks }: Pick<CrateFacts, 'tasks'>,
  idOf: (task: Task) => string,
): References {
  for await (const task of tasks()) yield idOf(task);
}
