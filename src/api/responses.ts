import Type, { type TUnsafe, type TSchema, type Static } from 'typebox';
import { ErrorResponse } from '../wes/error-response.ts';
import { reference } from '../wes/reference.ts';

const MEANING = {
  400: 'Something in the request is not valid; the message names it.',
  401: 'Valid credentials are needed.',
  403: 'This is not allowed to the caller.',
  404: 'There is no such thing, or the caller may not see it.',
  409: 'The run is in a state in which this can not be done.',
  413: 'The request is larger than this service takes.',
  415: 'The body is of a type that this service does not read.',
  422: 'The Idempotency-Key was already used for another request.',
  429: 'There are too many failed logins, or too many queued runs of the caller; try later.',
  500: 'The service failed.',
  503: 'Database or storage can not be reached; try later.',
} as const;

type ErrorStatus = keyof typeof MEANING;

type Responses<T extends TSchema> = { 200: TUnsafe<Static<T>> };

/** The `response` part of a route's schema: the answer and the errors that it may end with. */
export function responses<T extends TSchema>(
  success: T,
  description: string,
  errors: readonly ErrorStatus[],
): Responses<T> {
  const all: readonly ErrorStatus[] = [...errors, 500, 503];
  return {
    200: described(success, description),
    ...Object.fromEntries(all.map((status) => [status, described(ErrorResponse, MEANING[status])])),
  };
}

function described<T extends TSchema>(schema: T, description: string): TUnsafe<Static<T>> {
  return Type.Unsafe<Static<T>>({ ...reference(schema), description });
}
