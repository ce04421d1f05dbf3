import Type, { type Static } from 'typebox';
import { reference } from './reference.ts';
import { State } from './state.ts';

export const RunHistoryEntry = Type.Object(
  {
    time: Type.String({ description: 'UTC, in whole seconds, as YYYY-MM-DDThh:mm:ssZ.' }),
    from: Type.Optional(reference(State)),
    to: reference(State),
    actor: Type.String({
      description: 'Who or what did it: `user:<name>`, `daemon:<id>` or a part of the service.',
    }),
    reason: Type.String({ description: 'Why, for people.' }),
  },
  {
    $id: 'RunHistoryEntry',
    title: 'RunHistoryEntry',
    description:
      'A move between states; a remark where `from` and `to` are the same, and the beginning where there is no `from`.',
  },
);

/** How a run came to where it stands; an addition to WES 1.1, which has lines of text only. */
export const RunHistory = Type.Object(
  {
    run_id: Type.String(),
    rerun_of: Type.Optional(
      Type.String({
        description: 'The run whose request this one repeats; it may have been removed since.',
      }),
    ),
    history: Type.Array(reference(RunHistoryEntry), { description: 'Oldest first.' }),
    paused_seconds: Type.Integer({
      format: 'int64',
      description: 'How long the run was PAUSED in all, until now.',
    }),
    attempts: Type.Integer({
      format: 'int32',
      description: 'How often its execution was begun.',
    }),
  },
  {
    $id: 'RunHistory',
    title: 'RunHistory',
    description: 'How a run came to where it stands.',
  },
);
export type RunHistory = Static<typeof RunHistory>;
