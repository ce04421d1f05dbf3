import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import {
  missingOfficialDocument,
  officialDocument,
  type ApiDocument,
} from './official-document.ts';

export interface ObservedResponse {
  readonly method: string;
  /** Path below the API's prefix, with its query. */
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
}

/** Compares a response with a document; gives what is wrong with it, empty when nothing is. */
export type ResponseCheck = (response: ObservedResponse) => readonly string[];

/** A check against the standard's document, where there is a copy of it, and against our own. */
export function createResponseCheck(own: ApiDocument): ResponseCheck {
  const checks = [checkAgainst('our document', own)];
  if (missingOfficialDocument() === undefined) {
    checks.push(checkAgainst('the standard', officialDocument()));
  }
  return (response) => checks.flatMap((check) => check(response));
}

function checkAgainst(name: string, document: ApiDocument): ResponseCheck {
  const validators = createValidators(document);
  return (response) => {
    const validate = validators(schemaName(document, response));
    if (validate === undefined || validate(response.body)) return [];
    const problems = JSON.stringify(validate.errors);
    return [`${response.method} ${response.path} ${response.status}: ${name}: ${problems}`];
  };
}

function createValidators(document: ApiDocument) {
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema({ $id: 'document', components: document.components });
  return (name: string | undefined): ValidateFunction | undefined =>
    name === undefined ? undefined : ajv.getSchema(`document#/components/schemas/${name}`);
}

/** Errors that the document does not list have the standard's form nevertheless. */
function schemaName(document: ApiDocument, response: ObservedResponse): string | undefined {
  const content = findResponse(document, response)?.content?.['application/json'];
  const reference: unknown = Reflect.get(content?.schema ?? {}, '$ref');
  if (typeof reference === 'string') return reference.split('/').at(-1);
  return response.status >= 400 ? 'ErrorResponse' : undefined;
}

function findResponse(document: ApiDocument, { method, path, status }: ObservedResponse) {
  const segments = path
    .replace(/[?#].*$/, '')
    .replace(/\/$/, '')
    .split('/');
  const entry = Object.entries(document.paths).find(([template]) => matches(template, segments));
  return entry?.[1][method.toLowerCase()]?.responses[String(status)];
}

function matches(template: string, segments: readonly string[]): boolean {
  const expected = template.split('/');
  if (expected.length !== segments.length) return false;
  return expected.every((part, index) => part.startsWith('{') || part === segments[index]);
}
