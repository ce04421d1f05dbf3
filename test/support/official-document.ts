import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** As much of an OpenAPI document as the tests look at. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

export interface Operation {
  readonly operationId?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema: object }>>;

const PATH =
  process.env.WES_SPEC ??
  fileURLToPath(
    new URL('../../../shared/spec/workflow_execution_service.openapi.yaml', import.meta.url),
  );

/** Why the standard's own document can't be compared with; undefined when it can. */
export function missingOfficialDocument(): string | undefined {
  return existsSync(PATH) ? undefined : 'no copy of the WES 1.1.0 document; name one by WES_SPEC';
}

/** The document of WES 1.1.0 as GA4GH publishes it; an empty one where there is no copy. */
export function officialDocument(): ApiDocument {
  if (missingOfficialDocument() !== undefined) return { paths: {}, components: { schemas: {} } };
  return parse(readFileSync(PATH, 'utf8')) as ApiDocument; // a document of OpenAPI 3.0
}
