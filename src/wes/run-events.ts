import Type, { type Static } from 'typebox';
import { reference } from './reference.ts';
import { RunHistoryEntry } from './run-history.ts';
import { State } from './state.ts';

const eventFields = Type.Object({
  run_id: Type.String(),
  revision: Type.Integer({
    format: 'int32',
    description:
      'Numbers what happens to the run, with gaps: of two events of a run the later has the higher one, and an event that comes again has the same.',
  }),
});

/** Data of a `state` event. */
export type RunStateEvent = Static<typeof eventFields> & Static<typeof RunHistoryEntry>;

export const RunStateEvent = Type.Unsafe<RunStateEvent>(
  Type.Intersect([eventFields, reference(RunHistoryEntry)], {
    $id: 'RunStateEvent',
    title: 'RunStateEvent',
    description: 'A line of the history of a run, as it is written.',
  }),
);

/** Data of a `task` event. */
export const RunTaskEvent = Type.Object(
  {
    ...eventFields.properties,
    task: Type.Object({
      id: Type.String(),
      name: Type.String(),
      start_time: Type.Optional(Type.String()),
      end_time: Type.Optional(Type.String()),
      exit_code: Type.Optional(Type.Integer({ format: 'int32' })),
    }),
  },
  {
    $id: 'RunTaskEvent',
    title: 'RunTaskEvent',
    description: 'A task that began or ended, as it stands then.',
  },
);
export type RunTaskEvent = Static<typeof RunTaskEvent>;

/** Data of the `end` event. */
export const RunEndEvent = Type.Object(
  { run_id: Type.String(), state: Type.Optional(reference(State)) },
  {
    $id: 'RunEndEvent',
    title: 'RunEndEvent',
    description: 'The run has ended and all was told. Without `state` it was removed.',
  },
);
export type RunEndEvent = Static<typeof RunEndEvent>;
