import Type, { type Static } from 'typebox';
import { mapOf, reference } from './reference.ts';
import { State } from './state.ts';

const START_TIME = 'When the engine was started: UTC, in whole seconds, as YYYY-MM-DDThh:mm:ssZ.';
const END_TIME =
  'When the run reached its final state: UTC, in whole seconds, as YYYY-MM-DDThh:mm:ssZ.';

export const RunId = Type.Object(
  { run_id: Type.Optional(Type.String({ description: 'Identifies the run: a UUID.' })) },
  { $id: 'RunId', title: 'RunId', description: 'The run that the request was about, or made.' },
);
export type RunId = Static<typeof RunId>;

export const RunStatus = Type.Object(
  { run_id: Type.String(), state: Type.Optional(reference(State)) },
  { $id: 'RunStatus', title: 'RunStatus', description: 'A run and where it stands.' },
);
export type RunStatus = Static<typeof RunStatus>;

export const RunSummary = Type.Intersect(
  [
    reference(RunStatus),
    Type.Object({
      start_time: Type.Optional(Type.String({ description: START_TIME })),
      end_time: Type.Optional(Type.String({ description: END_TIME })),
      tags: mapOf(Type.String(), 'The tags that the run was submitted with.'),
    }),
  ],
  { $id: 'RunSummary', title: 'RunSummary', description: 'One row of a list of runs.' },
);
export type RunSummary = Static<typeof RunSummary>;

export const RunRequest = Type.Object(
  {
    workflow_params: Type.Optional(
      Type.Unsafe<Readonly<Record<string, unknown>>>({
        type: 'object',
        description:
          'Inputs of the workflow in the form that its language uses. Files are absolute URLs or names of attachments.',
      }),
    ),
    workflow_type: Type.String({ description: 'Language of the workflow, as in service-info.' }),
    workflow_type_version: Type.String({
      description: 'Version of the language, as in service-info.',
    }),
    tags: Type.Optional(
      mapOf(Type.String(), 'Free labels; lists of runs can be narrowed by them.'),
    ),
    workflow_engine_parameters: Type.Optional(
      mapOf(Type.String(), 'Options for the engine; service-info names those that it takes.'),
    ),
    workflow_engine: Type.Optional(
      Type.String({
        description: 'Engine to use, as in service-info; needed when a version of it is asked for.',
      }),
    ),
    workflow_engine_version: Type.Optional(
      Type.String({ description: 'Version of the engine; the newest installed one by default.' }),
    ),
    workflow_url: Type.String({
      description: 'Absolute URL of the workflow, or the name of the attachment that holds it.',
    }),
  },
  { $id: 'RunRequest', title: 'RunRequest', description: 'What a run was asked to do.' },
);
export type RunRequest = Static<typeof RunRequest>;

export const RunListResponse = Type.Object(
  {
    runs: Type.Optional(
      Type.Array(Type.Union([reference(RunStatus), reference(RunSummary)]), {
        description: 'The runs of this page: those that the caller may see, always as RunSummary.',
      }),
    ),
    next_page_token: Type.Optional(
      Type.String({ description: 'Asks for the next page as page_token; empty on the last page.' }),
    ),
    total_runs: Type.Optional(
      Type.Integer({
        format: 'int64',
        description: 'Length of the whole list with the same filters. An addition to WES 1.1.',
      }),
    ),
  },
  { $id: 'RunListResponse', title: 'RunListResponse', description: 'A page of a list of runs.' },
);
export type RunListResponse = Static<typeof RunListResponse>;
