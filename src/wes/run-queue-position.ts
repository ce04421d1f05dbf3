import Type, { type Static } from 'typebox';
import { reference } from './reference.ts';
import { State } from './state.ts';

/** An addition to WES 1.1. */
export const RunQueuePosition = Type.Object(
  {
    run_id: Type.String(),
    state: reference(State),
    position: Type.Optional(
      Type.Integer({
        format: 'int64',
        minimum: 1,
        description: 'Place in the queue, from 1; only while the run is QUEUED.',
      }),
    ),
    at_least: Type.Optional(
      Type.Boolean({
        description: 'True when counting was cut off: the place is `position` or a later one.',
      }),
    ),
  },
  {
    $id: 'RunQueuePosition',
    title: 'RunQueuePosition',
    description: 'When a queued run starts, as things stand: runs submitted later may overtake it.',
  },
);
export type RunQueuePosition = Static<typeof RunQueuePosition>;
