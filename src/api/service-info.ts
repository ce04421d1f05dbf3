import type { EngineOffer, EngineParameter } from '../runs/engine-catalog.ts';
import { SERVICE_PARAMETERS } from '../runs/service-parameters.ts';
import { STORED_STATES, type StoredState } from '../runs/state.ts';
import type { DefaultWorkflowEngineParameter, ServiceInfo } from '../wes/service-info.ts';
import type { ApiSettings } from './context.ts';
import { timestamp } from './timestamps.ts';

export const WES_VERSION = '1.1.0';

export interface ServiceFacts {
  readonly settings: ApiSettings;
  readonly offers: readonly EngineOffer[];
  readonly stateCounts: Readonly<Record<StoredState, number>>;
}

export function serviceInfo({ settings, offers, stateCounts }: ServiceFacts): ServiceInfo {
  return {
    ...service(settings),
    workflow_type_versions: typeVersions(offers),
    supported_wes_versions: [WES_VERSION],
    supported_filesystem_protocols: protocols(settings),
    workflow_engine_versions: engineVersions(offers),
    // The list does not say of which engine a parameter is: those of every engine are there once.
    default_workflow_engine_parameters: [
      ...SERVICE_PARAMETERS,
      ...offers.flatMap(({ parameters }) => parameters),
    ].map(defaultParameter),
    system_state_counts: Object.fromEntries(
      STORED_STATES.map((state) => [state, stateCounts[state] ?? 0]),
    ),
    auth_instructions_url: settings.service.authInstructionsUrl,
    tags: settings.service.tags,
  };
}

function service({ service: about }: ApiSettings) {
  return {
    id: about.id,
    name: about.name,
    // service-info 1.0.0: the group for implementations of a GA4GH standard.
    type: { group: 'org.ga4gh', artifact: 'wes', version: WES_VERSION },
    ...(about.description !== undefined && { description: about.description }),
    organization: { name: about.organizationName, url: about.organizationUrl },
    ...(about.contactUrl !== undefined && { contactUrl: about.contactUrl }),
    ...(about.documentationUrl !== undefined && { documentationUrl: about.documentationUrl }),
    ...(about.createdAt !== undefined && { createdAt: timestamp(about.createdAt) }),
    ...(about.environment !== undefined && { environment: about.environment }),
    version: about.version,
  };
}

function protocols({ allowedFileRoots, inputSchemes }: ApiSettings): string[] {
  return [...inputSchemes, ...(allowedFileRoots.length > 0 ? ['file'] : [])];
}

/** Several engines may execute one language: all versions that any of them takes. */
function typeVersions(offers: readonly EngineOffer[]): ServiceInfo['workflow_type_versions'] {
  const versions = new Map<string, Set<string>>();
  for (const [type, ofEngine] of offers.flatMap(({ workflowTypes }) =>
    Object.entries(workflowTypes),
  )) {
    versions.set(type, new Set([...(versions.get(type) ?? []), ...ofEngine]));
  }
  return Object.fromEntries(
    [...versions].map(([type, all]) => [type, { workflow_type_version: [...all] }]),
  );
}

function engineVersions(offers: readonly EngineOffer[]): ServiceInfo['workflow_engine_versions'] {
  return Object.fromEntries(
    offers.map(({ engine, versions }) => [engine, { workflow_engine_version: [...versions] }]),
  );
}

function defaultParameter({
  name,
  type,
  defaultValue,
}: EngineParameter): DefaultWorkflowEngineParameter {
  return { name, type, default_value: defaultValue };
}
