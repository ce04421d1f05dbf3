import { given, ref, type Entity, type References } from './entity.ts';
import { fileId, METADATA_FILE, ROOT, runActionId, taskActionId } from './ids.ts';
import { ofTasks, type Plan } from './plan.ts';
import { profileEntities, RO_CRATE, WORKFLOW_RO_CRATE } from './profiles.ts';
import { organizationId } from './software.ts';
import { timeOf } from './tasks.ts';

/** What says that this document is a crate's. */
export function descriptor({ service }: Plan): Entity {
  return {
    '@id': METADATA_FILE,
    '@type': 'CreativeWork',
    about: ref(ROOT),
    conformsTo: [ref(RO_CRATE), ref(WORKFLOW_RO_CRATE)],
    sdPublisher: ref(organizationId(service)),
  };
}

/** The crate itself. */
export function rootDataset(plan: Plan, license: Entity): Entity {
  const { run, service, workflow, hasTasks } = plan;
  const tags = Object.entries(run.request.tags ?? {}).map(([key, value]) => `${key}:${value}`);
  return {
    '@id': ROOT,
    '@type': 'Dataset',
    name: `Run of ${run.request.workflowUrl}`,
    description: `What run ${run.runId} of ${service.name} took, did and made; it ended as ${run.state}.`,
    identifier: run.runId,
    datePublished: timeOf(run.endedAt ?? run.createdAt),
    license: ref(license['@id']),
    author: ref(plan.agentId),
    publisher: ref(organizationId(service)),
    conformsTo: profileEntities(hasTasks).map((profile) => ref(profile['@id'])),
    mainEntity: ref(workflow.id),
    ...given({ keywords: tags.length === 0 ? undefined : tags.join(', ') }),
    hasPart: partsOf(plan),
    mentions: actionsOf(plan),
  };
}

async function* partsOf(plan: Plan): References {
  if (plan.workflow.attachment === undefined) yield plan.workflow.id;
  for (const { name } of plan.attachments) yield fileId('attachments', name);
  yield* plan.remoteFiles;
  for await (const { path } of plan.outputs()) yield fileId('outputs', path);
  for await (const { path } of plan.logs()) yield fileId('logs', path);
}

async function* actionsOf(plan: Plan): References {
  yield runActionId(plan.run.runId);
  yield* ofTasks(plan, ({ taskId }) => taskActionId(taskId));
}
