import type { Entity } from './entity.ts';
import type { CrateFacts } from './facts.ts';
import { attachmentEntity, logEntity, outputEntity, remoteEntity } from './files.ts';
import { fileId } from './ids.ts';
import { licenseEntity } from './license.ts';
import { planOf, type Plan } from './plan.ts';
import { profileEntities } from './profiles.ts';
import { descriptor, rootDataset } from './root.ts';
import { engineParameters, mainWorkflow, runEntities } from './run-entities.ts';
import { engineEntity, languageEntity, serviceEntities } from './software.ts';
import { createToolEntities, taskEntities } from './tasks.ts';

/**
 * The nodes of a run's crate (Provenance Run Crate 0.5, on RO-Crate 1.1), one after the other: tasks and
 * outputs may be more than fit into memory.
 */
export async function* crateEntities(facts: CrateFacts): AsyncGenerator<Entity> {
  const plan = await planOf(facts);
  const { run, service, hasTasks } = plan;
  const license = licenseEntity(run.request.tags);
  yield descriptor(plan);
  yield rootDataset(plan, license);
  yield license;
  yield* profileEntities(hasTasks);
  yield mainWorkflow(plan);
  yield languageEntity(run);
  yield { '@id': plan.agentId, '@type': 'Person', name: run.owner };
  yield* serviceEntities(service);
  yield engineEntity(run);
  yield* runEntities(plan);
  yield* engineParameters(plan);
  for (const slots of [plan.inputs, plan.outputParameters]) {
    yield* slots.parameters;
    yield* slots.values;
  }
  yield* fileEntities(plan);
  yield* taskGraph(plan);
  await plan.assertThere();
}

async function* fileEntities(plan: Plan): AsyncGenerator<Entity> {
  const { workflow, inputs, outputParameters, remoteFiles } = plan;
  for (const attachment of plan.attachments) {
    if (attachment === workflow.attachment) continue;
    yield attachmentEntity(attachment, inputs.files.get(fileId('attachments', attachment.name)));
  }
  for (const address of remoteFiles) yield remoteEntity(address, inputs.files.get(address));
  for await (const file of plan.outputs()) {
    const parameters = outputParameters.files.get(fileId('outputs', file.path));
    yield outputEntity(file, parameters, plan.outputAddress(file.path));
  }
  for await (const log of plan.logs()) yield logEntity(log, plan.run.runId);
}

async function* taskGraph(plan: Plan): AsyncGenerator<Entity> {
  const toolsOf = createToolEntities();
  for await (const task of plan.tasks()) {
    yield* toolsOf(task);
    yield* taskEntities(task, plan.run, plan.agentId);
  }
}
