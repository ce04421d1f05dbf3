import type { Run, Task } from '../../runs/run.ts';
import { imageEntity, imageId, imageOf } from './container-image.ts';
import { given, ref, type Entity } from './entity.ts';
import { localId, stepActionId, stepId, taskActionId } from './ids.ts';
import { outcomeOf, type Outcome } from './outcome.ts';

/**
 * What a task is told as: the execution of a tool (CreateAction), the step that asked for it (HowToStep)
 * and the execution of that step (ControlAction). Each task has a step of its own, also those of one
 * scattered step: the service knows a workflow by the tasks that its engine made of it, not by its text.
 */
export function taskEntities(task: Task, run: Run, agentId: string): readonly Entity[] {
  const image = imageOf(task);
  const ending = outcomeOf(taskOutcome(task, run));
  return [
    {
      '@id': taskActionId(task.taskId),
      '@type': 'CreateAction',
      name: task.name,
      instrument: ref(toolId(task)),
      agent: ref(agentId),
      ...given({
        description: task.command.length === 0 ? undefined : commandLine(task.command),
        startTime: task.startedAt === undefined ? undefined : timeOf(task.startedAt),
        endTime: task.endedAt === undefined ? undefined : timeOf(task.endedAt),
        containerImage: image === undefined ? undefined : ref(imageId(image)),
      }),
      ...ending,
    },
    {
      '@id': stepActionId(task.taskId),
      '@type': 'ControlAction',
      name: `Step ${task.name}`,
      instrument: ref(stepId(task.taskId)),
      object: ref(taskActionId(task.taskId)),
      ...ending,
    },
    {
      '@id': stepId(task.taskId),
      '@type': 'HowToStep',
      name: task.name,
      position: String(task.position),
      workExample: ref(toolId(task)),
    },
  ];
}

export function toolId(task: Pick<Task, 'name'>): string {
  return localId('tool', toolName(task));
}

/** Nextflow and Snakemake put what is special to one execution behind the name: `ALIGN (sample-1)`. */
function toolName({ name }: Pick<Task, 'name'>): string {
  return /^(.+?) \(.*\)$/s.exec(name)?.[1] ?? name;
}

/** Tools and images, each once: where a task is the first to use them. */
export function createToolEntities(): (task: Task) => readonly Entity[] {
  const told = new Set<string>();
  const isNew = ({ '@id': id }: Entity) => {
    if (told.has(id)) return false;
    told.add(id);
    return true;
  };
  return (task) => {
    const image = imageOf(task);
    const tool: Entity = {
      '@id': toolId(task),
      '@type': 'SoftwareApplication',
      name: toolName(task),
    };
    return [tool, ...(image === undefined ? [] : [imageEntity(image)])].filter(isNew);
  };
}

function taskOutcome(task: Task, run: Run): Outcome {
  const { exitCode } = task;
  if (exitCode === 0) return { ended: 'well' };
  // Not every engine tells the exit code of every task.
  const isToldNothing = exitCode === undefined && task.endedAt !== undefined;
  if (isToldNothing && run.state === 'COMPLETE') return { ended: 'unknown' };
  const what = exitCode === undefined ? 'it did not end by itself' : `exit code ${exitCode}`;
  return { ended: 'badly', problem: [what, ...task.systemLogs].join('\n') };
}

/** The form of ISO 8601 that the profile recommends. */
export function timeOf(at: number): string {
  return new Date(at).toISOString().replace('Z', '+00:00');
}

/** For reading: words as a shell would need them. */
function commandLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
