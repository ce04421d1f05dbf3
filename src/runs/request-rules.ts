import { invalidRequest, WesError } from './errors.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { checkJson, checkText, parseJson } from './json-text.ts';
import type { RunRequest } from './run.ts';

/** The fields of RunWorkflow that are no attachments. */
export const REQUEST_FIELDS = [
  'workflow_params',
  'workflow_type',
  'workflow_type_version',
  'tags',
  'workflow_engine',
  'workflow_engine_name',
  'workflow_engine_version',
  'workflow_engine_parameters',
  'workflow_url',
] as const;

/** What was sent, by field name: text (of a form) or a JSON value (of a JSON body). */
export type RawFields = ReadonlyMap<string, unknown>;

const MAX_NAME_LENGTH = 255;
const MAX_URL_LENGTH = 4096;
const MAX_TAGS = 1000;
const MAX_TAG_KEY_LENGTH = 255;
const MAX_TAG_VALUE_LENGTH = 4096;

/**
 * Reads a run request. Unknown fields are left alone; an empty field counts as absent.
 * @throws WesError `invalid_request` that names the field and the remedy
 */
export function readRunRequest(fields: RawFields): RunRequest {
  checkPresence(fields);
  const engine = engineName(fields);
  const engineVersion = text(fields, 'workflow_engine_version', MAX_NAME_LENGTH);
  const params = object(fields, 'workflow_params');
  const tags = object(fields, 'tags');
  const parameters = object(fields, 'workflow_engine_parameters');
  return {
    workflowType: requiredText(fields, 'workflow_type', MAX_NAME_LENGTH),
    workflowTypeVersion: requiredText(fields, 'workflow_type_version', MAX_NAME_LENGTH),
    workflowUrl: requiredText(fields, 'workflow_url', MAX_URL_LENGTH),
    ...(params !== undefined && { workflowParams: params }),
    ...(tags !== undefined && { tags: readTags(tags) }),
    ...(engine !== undefined && { workflowEngine: engine }),
    ...(engineVersion !== undefined && { workflowEngineVersion: engineVersion }),
    ...(parameters !== undefined && { workflowEngineParameters: readEngineParameters(parameters) }),
  };
}

/** @throws WesError `too_large` for a field of more than `maxBytes` */
export function checkFieldSizes(fields: RawFields, maxBytes: number): void {
  for (const [name, value] of fields) {
    const size = new TextEncoder().encode(
      typeof value === 'string' ? value : (JSON.stringify(value) ?? ''),
    ).length;
    if (size > maxBytes) throw fieldTooLarge(name, maxBytes);
  }
}

export function fieldTooLarge(field: string, maxBytes: number): WesError {
  return new WesError(
    'too_large',
    `${field}: is larger than the ${maxBytes} bytes that this service takes; attach large data as workflow_attachment`,
  );
}

const REQUIRED = ['workflow_type', 'workflow_type_version', 'workflow_url'] as const;

function checkPresence(fields: RawFields): void {
  const missing = REQUIRED.filter((name) => isAbsent(fields.get(name)));
  if (missing.length === 0) return;
  const what = missing.length === 1 ? 'a required field is missing' : 'required fields are missing';
  throw invalidRequest(missing.join(', '), `${what}; send multipart/form-data with them`);
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && !value.trim());
}

function text(fields: RawFields, name: string, maxLength: number): string | undefined {
  const value = fields.get(name);
  if (isAbsent(value)) return undefined;
  if (typeof value !== 'string') throw invalidRequest(name, 'must be a string');
  checkText(value, name);
  const trimmed = value.trim();
  if (trimmed.length > maxLength) {
    throw invalidRequest(name, `must not be longer than ${maxLength} characters`);
  }
  return trimmed;
}

function requiredText(fields: RawFields, name: string, maxLength: number): string {
  const value = text(fields, name, maxLength);
  if (value === undefined) throw invalidRequest(name, 'a required field is missing');
  return value;
}

/** Clients in the field send `workflow_engine_name` for what WES 1.1 calls `workflow_engine`. */
function engineName(fields: RawFields): string | undefined {
  const engine = text(fields, 'workflow_engine', MAX_NAME_LENGTH);
  const alias = text(fields, 'workflow_engine_name', MAX_NAME_LENGTH);
  if (engine !== undefined && alias !== undefined && engine !== alias) {
    throw invalidRequest('workflow_engine', 'differs from workflow_engine_name; send one of them');
  }
  return engine ?? alias;
}

function object(fields: RawFields, name: string): JsonObject | undefined {
  const raw = fields.get(name);
  if (isAbsent(raw)) return undefined;
  const value = typeof raw === 'string' ? parseJson(raw, name) : raw;
  if (value === null) return undefined;
  if (!isJsonObject(value)) throw invalidRequest(name, 'must be a JSON object');
  checkJson(value, name);
  return value;
}

function readTags(tags: JsonObject): Readonly<Record<string, string>> {
  const entries = Object.entries(tags);
  if (entries.length > MAX_TAGS) {
    throw invalidRequest('tags', `there are ${entries.length} of them, more than ${MAX_TAGS}`);
  }
  return Object.fromEntries(entries.map(([key, value]) => [tagKey(key), tagValue(key, value)]));
}

function tagKey(key: string): string {
  if (key.length <= MAX_TAG_KEY_LENGTH) return key;
  throw invalidRequest(
    'tags',
    `the key '${key.slice(0, 40)}…' is longer than ${MAX_TAG_KEY_LENGTH} characters`,
  );
}

function tagValue(key: string, value: unknown): string {
  if (typeof value !== 'string') {
    throw invalidRequest('tags', `the value of '${key}' must be a string`);
  }
  if (value.length <= MAX_TAG_VALUE_LENGTH) return value;
  throw invalidRequest(
    'tags',
    `the value of '${key}' is longer than ${MAX_TAG_VALUE_LENGTH} characters`,
  );
}

/** Clients in the field send numbers and booleans as they are, and null for an option without a value. */
function readEngineParameters(parameters: JsonObject): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(parameters).map(([key, value]) => [key, engineParameter(key, value)]),
  );
}

function engineParameter(key: string, value: unknown): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw invalidRequest(
    'workflow_engine_parameters',
    `the value of '${key}' must be a string, a number, a boolean or null`,
  );
}
