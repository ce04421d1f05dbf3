import { invalidRequest } from '../../runs/errors.ts';
import { isJsonObject } from '../../runs/json.ts';
import { parseJson } from '../../runs/json-text.ts';
import { REQUEST_FIELDS, type RawFields } from '../../runs/request-rules.ts';
import type { Attachment } from '../../runs/run.ts';

/** A submission as it came in, whatever the type of its body; the attachments are in storage. */
export interface Form {
  readonly fields: RawFields;
  readonly attachments: readonly Attachment[];
}

/** Names under which clients in the field send attachments. */
export const ATTACHMENT_FIELDS: ReadonlySet<string> = new Set([
  'workflow_attachment',
  'workflow_attachment[]',
]);

/** Fields in which clients in the field name attachments that the service should fetch. */
const REMOTE_ATTACHMENT_FIELDS: ReadonlySet<string> = new Set([
  ...ATTACHMENT_FIELDS,
  'workflow_attachment_obj',
]);

export const TEXT_FIELDS: ReadonlySet<string> = new Set([
  ...REQUEST_FIELDS,
  ...REMOTE_ATTACHMENT_FIELDS,
]);

/**
 * Collects the fields of a request, each of which may be there once. Unknown ones are left out.
 * @throws WesError `invalid_request`
 */
export function collectFields(entries: Iterable<readonly [string, unknown]>): RawFields {
  const fields = new Map<string, unknown>();
  for (const [name, value] of entries) {
    if (!TEXT_FIELDS.has(name)) continue;
    if (fields.has(name)) throw invalidRequest(name, 'is given twice; send it once');
    fields.set(name, value);
  }
  for (const name of REMOTE_ATTACHMENT_FIELDS) refuseRemoteAttachments(name, fields.get(name));
  return fields;
}

/** Lists of `{file_name, file_url}`: an extension of another server. This one does not fetch files for clients. */
function refuseRemoteAttachments(name: string, value: unknown): void {
  if (value === undefined || value === null || value === '') return;
  const list = typeof value === 'string' && /^\s*[[{]/.test(value) ? parseJson(value, name) : value;
  if (Array.isArray(list) && list.length === 0) return;
  const isRemote = Array.isArray(list) || isJsonObject(list);
  throw invalidRequest(
    name,
    isRemote
      ? 'attachments can not be fetched from URLs; send their content as files of multipart/form-data'
      : 'must be sent as a file of multipart/form-data: with a filename in its Content-Disposition',
  );
}
