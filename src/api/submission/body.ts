import { invalidRequest } from '../../runs/errors.ts';
import { isJsonObject } from '../../runs/json.ts';
import { collectFields, type Form } from './form.ts';

/**
 * Reads a submission without attachments: a JSON object, or the parsed fields of a urlencoded form.
 * @throws WesError `invalid_request`
 */
export function formOfBody(body: unknown): Form {
  if (body === undefined || body === null) return { fields: new Map(), attachments: [] };
  if (!isJsonObject(body)) throw invalidRequest('body', 'must be a JSON object of the fields');
  return { fields: collectFields(Object.entries(body)), attachments: [] };
}

/**
 * Fields of a urlencoded form (https://url.spec.whatwg.org/#urlencoded-parsing).
 * @throws WesError `invalid_request` for a field that is there twice
 */
export function parseUrlencoded(text: string): Readonly<Record<string, string>> {
  const entries = [...new URLSearchParams(text)];
  for (const [name, value] of entries) refuseReplaced(name, value, text);
  return Object.fromEntries(collectFields(entries)) as Record<string, string>; // texts, as they came
}

/** U+FFFD is what percent-encoded bytes become that are no UTF-8, unless it was sent itself. */
function refuseReplaced(name: string, value: string, text: string): void {
  if (!value.includes('\uFFFD') || /%EF%BF%BD|\uFFFD/i.test(text)) return;
  throw invalidRequest(name, 'is not valid UTF-8');
}

/**
 * Bytes that are no UTF-8 are refused: the replacement for them would not be what was sent.
 * @throws WesError `invalid_request` that names `field`
 */
export function utf8Text(bytes: Uint8Array, field: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalidRequest(field, 'is not valid UTF-8');
  }
}
