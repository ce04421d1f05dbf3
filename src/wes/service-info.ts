import Type, { type Static } from 'typebox';
import { mapOf, reference } from './reference.ts';

export const ServiceType = Type.Object(
  {
    group: Type.String({ description: 'Who defines the API: org.ga4gh.' }),
    artifact: Type.String({ description: 'Name of the API: wes.' }),
    version: Type.String({ description: 'Version of the API.' }),
  },
  { $id: 'ServiceType', description: 'The API that a service speaks.' },
);
export type ServiceType = Static<typeof ServiceType>;

/** GA4GH service-info 1.0.0. */
export const Service = Type.Object(
  {
    id: Type.String({ description: 'Identifies this deployment, in reverse domain order.' }),
    name: Type.String({ description: 'Name for people.' }),
    type: reference(ServiceType),
    description: Type.Optional(Type.String({ description: 'What the service offers.' })),
    organization: Type.Object(
      {
        name: Type.String({ description: 'Its name.' }),
        url: Type.String({ format: 'uri', description: 'Its web address.' }),
      },
      { description: 'Who provides the service.' },
    ),
    contactUrl: Type.Optional(
      Type.String({ format: 'uri', description: 'How to reach its people: a page or mailto:.' }),
    ),
    documentationUrl: Type.Optional(
      Type.String({ format: 'uri', description: 'Documentation of this deployment.' }),
    ),
    createdAt: Type.Optional(
      Type.String({ format: 'date-time', description: 'When it was first deployed.' }),
    ),
    updatedAt: Type.Optional(
      Type.String({ format: 'date-time', description: 'When it last changed.' }),
    ),
    environment: Type.Optional(
      Type.String({ description: 'What it is for: prod, test, dev or staging.' }),
    ),
    version: Type.String({ description: 'Version of this software.' }),
  },
  { $id: 'Service', description: 'What every GA4GH service tells about itself.' },
);
export type Service = Static<typeof Service>;

export const WorkflowTypeVersion = Type.Object(
  {
    workflow_type_version: Type.Optional(
      Type.Array(Type.String(), { description: 'Versions of the language.' }),
    ),
  },
  {
    $id: 'WorkflowTypeVersion',
    title: 'WorkflowTypeVersion',
    description: 'What is accepted of one workflow language.',
  },
);
export type WorkflowTypeVersion = Static<typeof WorkflowTypeVersion>;

export const WorkflowEngineVersion = Type.Object(
  {
    workflow_engine_version: Type.Optional(
      Type.Array(Type.String(), { description: 'Installed versions, newest first.' }),
    ),
  },
  {
    $id: 'WorkflowEngineVersion',
    title: 'WorkflowEngineVersion',
    description: 'What is installed of one workflow engine.',
  },
);
export type WorkflowEngineVersion = Static<typeof WorkflowEngineVersion>;

export const DefaultWorkflowEngineParameter = Type.Object(
  {
    name: Type.Optional(Type.String({ description: 'Key in workflow_engine_parameters.' })),
    type: Type.Optional(Type.String({ description: 'Kind of its values.' })),
    default_value: Type.Optional(
      Type.String({ description: 'Value without the parameter, as text.' }),
    ),
  },
  {
    $id: 'DefaultWorkflowEngineParameter',
    title: 'DefaultWorkflowEngineParameter',
    description: 'An option that an engine takes.',
  },
);
export type DefaultWorkflowEngineParameter = Static<typeof DefaultWorkflowEngineParameter>;

export const ServiceInfo = Type.Intersect(
  [
    reference(Service),
    Type.Object({
      workflow_type_versions: mapOf(
        reference(WorkflowTypeVersion),
        'Workflow languages that can be executed now, with their versions.',
      ),
      supported_wes_versions: Type.Array(Type.String(), {
        description: 'Versions of WES that this service speaks.',
      }),
      supported_filesystem_protocols: Type.Array(Type.String(), {
        description: 'Schemes of the URLs that workflows and inputs may have.',
      }),
      workflow_engine_versions: mapOf(
        reference(WorkflowEngineVersion),
        'Installed workflow engines, with their versions.',
      ),
      default_workflow_engine_parameters: Type.Array(reference(DefaultWorkflowEngineParameter), {
        description: 'Options that the engines take, with their default values.',
      }),
      system_state_counts: mapOf(
        Type.Integer({ format: 'int64' }),
        'How many runs are in each state now.',
      ),
      auth_instructions_url: Type.String({
        description: 'Page that tells people how to get credentials.',
      }),
      tags: mapOf(Type.String(), 'Further facts about this deployment.'),
    }),
  ],
  {
    $id: 'ServiceInfo',
    title: 'ServiceInfo',
    description: 'The service: what it executes, and how busy it is.',
  },
);
export type ServiceInfo = Static<typeof ServiceInfo>;
