import type { Entity } from './entity.ts';

export const RO_CRATE = 'https://w3id.org/ro/crate/1.1';
export const WORKFLOW_RO_CRATE = 'https://w3id.org/workflowhub/workflow-ro-crate/1.0';

const PROFILES: readonly Entity[] = [
  profile('https://w3id.org/ro/wfrun/process/0.5', 'Process Run Crate', '0.5'),
  profile('https://w3id.org/ro/wfrun/workflow/0.5', 'Workflow Run Crate', '0.5'),
  profile(WORKFLOW_RO_CRATE, 'Workflow RO-Crate', '1.0'),
];
const PROVENANCE = profile(
  'https://w3id.org/ro/wfrun/provenance/0.5',
  'Provenance Run Crate',
  '0.5',
);

/** What a crate conforms to. A Provenance Run Crate has at least one task: a run may end before its first. */
export function profileEntities(hasTasks: boolean): readonly Entity[] {
  return hasTasks ? [...PROFILES, PROVENANCE] : PROFILES;
}

function profile(id: string, name: string, version: string): Entity {
  return { '@id': id, '@type': 'CreativeWork', name, version };
}
