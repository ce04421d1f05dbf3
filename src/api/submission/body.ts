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
  return Object.fromEntries(collectFields(entries)) as Record<string, string>; // texts, as they came
}
