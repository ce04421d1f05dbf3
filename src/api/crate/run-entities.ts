import { given, ref, refs, type Entity, type References } from './entity.ts';
import type { CrateFacts } from './facts.ts';
import { fileId, localId, runActionId, stepActionId, stepId } from './ids.ts';
import { attachmentEntity, remoteEntity } from './files.ts';
import { outcomeOf, type Outcome } from './outcome.ts';
import { ofTasks, type Plan } from './plan.ts';
import { engineId, languageEntity, SERVICE_ID } from './software.ts';
import { timeOf, toolId } from './tasks.ts';

/** The main workflow, with its inputs, outputs, tools and steps as far as this run knows them. */
export function mainWorkflow(plan: Plan): Entity {
  const { run, workflow, inputs, outputParameters, hasTasks } = plan;
  const { id, attachment } = workflow;
  const parameters = inputs.files.get(id);
  const file =
    attachment === undefined
      ? remoteEntity(id, parameters)
      : attachmentEntity(attachment, parameters);
  const types = ['File', 'SoftwareSourceCode', 'ComputationalWorkflow'];
  return {
    ...file,
    '@type': hasTasks ? [...types, 'HowTo'] : types,
    programmingLanguage: ref(languageEntity(run)['@id']),
    ...given({
      input: refs(inputs.parameters.map((parameter) => parameter['@id'])),
      output: refs(outputParameters.parameters.map((parameter) => parameter['@id'])),
    }),
    hasPart: once(ofTasks(plan, toolId)),
    step: ofTasks(plan, ({ taskId }) => stepId(taskId)),
  };
}

async function* once(references: References): References {
  const told = new Set<string>();
  for await (const id of references) {
    if (told.has(id)) continue;
    told.add(id);
    yield id;
  }
}

/** The execution of the workflow, and that of the engine which saw to it. */
export function* runEntities(plan: Plan): Generator<Entity> {
  const { run, history, runAddress, agentId } = plan;
  const { runId, request } = run;
  const common = {
    agent: ref(agentId),
    startTime: timeOf(run.startedAt ?? run.createdAt),
    endTime: timeOf(run.endedAt ?? run.createdAt),
    ...outcomeOf(runOutcome({ run, history })),
  };
  const repeats = run.rerunOf === undefined ? '' : `; it repeats run ${run.rerunOf}`;
  yield {
    '@id': runActionId(runId),
    '@type': 'CreateAction',
    name: `Run of ${request.workflowUrl}`,
    description: `Run ${runId} of a workflow in ${request.workflowType} ${request.workflowTypeVersion}${repeats}.`,
    instrument: ref(plan.workflow.id),
    ...common,
    target: ref(runAddress),
    ...given({ object: refs(objectsOf(plan)) }),
    result: resultsOf(plan),
  };
  yield {
    '@id': runAddress,
    '@type': 'EntryPoint',
    name: `The run at ${plan.service.name}`,
    actionApplication: ref(SERVICE_ID),
  };
  if (!plan.hasTasks) return;
  yield {
    '@id': '#engine-run',
    '@type': 'OrganizeAction',
    name: `Run of ${run.engine}`,
    instrument: ref(engineId(run)),
    ...common,
    object: ofTasks(plan, ({ taskId }) => stepActionId(taskId)),
    result: ref(runActionId(runId)),
  };
}

/** What the engine was told besides the inputs: no part of the workflow's own parameters. */
export function engineParameters({ run }: Pick<CrateFacts, 'run'>): readonly Entity[] {
  const told = Object.entries(run.request.workflowEngineParameters ?? {});
  return told.map(([name, value]) => ({
    '@id': localId('engine-parameter', name),
    '@type': 'PropertyValue',
    name,
    value,
  }));
}

function objectsOf(plan: Plan): readonly string[] {
  const values = [...plan.inputs.values, ...engineParameters(plan)];
  return [...plan.inputs.files.keys(), ...values.map((value) => value['@id'])];
}

async function* resultsOf(plan: Plan): References {
  for await (const { path } of plan.outputs()) yield fileId('outputs', path);
  for (const value of plan.outputParameters.values) yield value['@id'];
}

function runOutcome({ run, history }: Pick<CrateFacts, 'run' | 'history'>): Outcome {
  if (run.state === 'COMPLETE') return { ended: 'well' };
  const end = history.findLast(({ from, to }) => from !== to && to === run.state);
  return { ended: 'badly', problem: `${run.state}: ${end?.reason ?? 'nobody told why'}` };
}
