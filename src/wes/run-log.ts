import Type, { type Static } from 'typebox';
import { reference } from './reference.ts';
import { RunRequest } from './runs.ts';
import { State } from './state.ts';

const TEXT_ADDRESS =
  'the text, which grows while the program runs; read it with the credentials used here.';

export const Log = Type.Object(
  {
    name: Type.Optional(Type.String({ description: 'Name of the workflow or of the task.' })),
    cmd: Type.Optional(
      Type.Array(Type.String(), { description: 'Program and arguments that were executed.' }),
    ),
    start_time: Type.Optional(
      Type.String({ description: 'Start: UTC, in whole seconds, as YYYY-MM-DDThh:mm:ssZ.' }),
    ),
    end_time: Type.Optional(
      Type.String({ description: 'End: UTC, in whole seconds, as YYYY-MM-DDThh:mm:ssZ.' }),
    ),
    stdout: Type.Optional(
      Type.String({ description: `Standard output: absolute URL of ${TEXT_ADDRESS}` }),
    ),
    stderr: Type.Optional(
      Type.String({ description: `Standard error: absolute URL of ${TEXT_ADDRESS}` }),
    ),
    exit_code: Type.Optional(
      Type.Integer({ format: 'int32', description: 'Exit code, once the program has ended.' }),
    ),
    system_logs: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'What the service did and why, line by line: moves between states, engine, reason of a failure.',
      }),
    ),
  },
  { $id: 'Log', title: 'Log', description: 'How a program was executed, and what it printed.' },
);
export type Log = Static<typeof Log>;

const taskFields = Type.Object({
  id: Type.Optional(Type.String({ description: 'Identifies the task within its run.' })),
  system_logs: Type.Optional(
    Type.Array(Type.String(), {
      description: 'Facts about the task: container image, cores, memory, what went wrong.',
    }),
  ),
  tes_uri: Type.Optional(
    Type.String({ description: 'Address of the task at the TES service that executes it.' }),
  ),
});

export type TaskLog = Log & Static<typeof taskFields> & { id: string; name: string };

/** `id` and `name` are required by the whole, not by its parts: so the standard writes it. */
export const TaskLog = Type.Unsafe<TaskLog>(
  Type.Intersect([reference(Log), taskFields], {
    $id: 'TaskLog',
    title: 'TaskLog',
    description: 'A task of a run.',
    required: ['id', 'name'],
  }),
);

export const TaskListResponse = Type.Object(
  {
    task_logs: Type.Optional(
      Type.Array(reference(TaskLog), {
        description: 'The tasks of this page, in the order in which they first appeared.',
      }),
    ),
    next_page_token: Type.Optional(
      Type.String({ description: 'Asks for the next page as page_token; empty on the last page.' }),
    ),
  },
  { $id: 'TaskListResponse', title: 'TaskListResponse', description: 'A page of tasks of a run.' },
);
export type TaskListResponse = Static<typeof TaskListResponse>;

export const RunLog = Type.Object(
  {
    run_id: Type.Optional(Type.String({ description: 'Identifies the run: a UUID.' })),
    request: Type.Optional(reference(RunRequest)),
    state: Type.Optional(reference(State)),
    run_log: Type.Optional(reference(Log)),
    task_logs_url: Type.Optional(
      Type.String({ description: 'Absolute URL of the complete list of tasks, page by page.' }),
    ),
    task_logs: Type.Optional(
      Type.Array(Type.Union([reference(Log), reference(TaskLog)]), {
        deprecated: true,
        nullable: true,
        description: 'The first tasks only; all of them are at task_logs_url.',
      }),
    ),
    outputs: Type.Optional(
      Type.Unsafe<Readonly<Record<string, unknown>>>({
        type: 'object',
        description: "The engine's own output object; empty until the run is complete.",
      }),
    ),
  },
  { $id: 'RunLog', title: 'RunLog', description: 'All that is known of a run.' },
);
export type RunLog = Static<typeof RunLog>;
