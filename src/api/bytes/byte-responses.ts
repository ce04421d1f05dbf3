import type { TSchema } from 'typebox';
import { ErrorResponse } from '../../wes/error-response.ts';
import { reference } from '../../wes/reference.ts';

/** The `response` part of a route that gives out bytes, whole or in part; one schema for each media type. */
export function byteResponses(schemas: Readonly<Record<string, TSchema>>): Record<string, unknown> {
  const content = Object.fromEntries(
    Object.entries(schemas).map(([mediaType, schema]) => [mediaType, { schema }]),
  );
  const error = (meaning: string) => ({ ...reference(ErrorResponse), description: meaning });
  return {
    200: { description: 'All of it.', content },
    206: { description: 'The part that `Range` asks for.', content },
    400: error('A parameter is wrong.'),
    401: error('Valid credentials are needed.'),
    404: error('There is no such thing, or the caller may not see it.'),
    416: error('The part that `Range` asks for begins after the end.'),
  };
}
