import { invalidRequest } from '../../runs/errors.ts';

/**
 * The `Idempotency-Key` header, with which a client may repeat a submission whose answer it did not get.
 * @throws WesError `invalid_request`
 */
export function readIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && /^[\x21-\x7e]{1,255}$/.test(header)) return header;
  throw invalidRequest(
    'Idempotency-Key',
    'must be one value of 1 to 255 visible ASCII characters, such as a UUID',
  );
}
