import Type, { type Static } from 'typebox';

const MOST_LINES = 1_000_000;

/** Query of the logs' routes: additions to what HTTP has for parts of a resource. */
export const LogQuery = Type.Object({
  tail: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: MOST_LINES,
      description: 'Only so many lines at the end.',
    }),
  ),
  follow: Type.Optional(
    Type.Unsafe<'' | 'true' | 'false'>({
      type: 'string',
      enum: ['', 'true', 'false'],
      description:
        'Go on as the log grows, until its writer has ended: the answer is a stream of server-sent events. `log` has `offset` (in bytes) and `text`, or `base64` where the bytes are not UTF-8; `restarted` says that the log began anew; `end` is the last one, with the `size` of the log. The id of an event is the place after it: with `Last-Event-ID` a stream goes on from there.',
    }),
  ),
});
export type LogQuery = Static<typeof LogQuery>;

export function isFollowing({ follow }: LogQuery): boolean {
  return follow === '' || follow === 'true';
}
