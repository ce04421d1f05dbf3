import { afterAll, beforeAll, expect, it } from 'vitest';
import { STATES } from '../../src/runs/state.ts';
import { State } from '../../src/wes/state.ts';
import { createTestApi, type TestApi } from '../support/api.ts';
import {
  missingOfficialDocument,
  officialDocument,
  type ApiDocument,
} from '../support/official-document.ts';
import { describeWith } from '../support/suite.ts';

it('the states of runs are those of the standard', () => {
  expect(Reflect.get(State, 'enum')).toEqual(STATES);
});

describeWith(
  'our document beside the standard',
  missingOfficialDocument(),
  () => {
    let api: TestApi;
    let own: ApiDocument;
    const official = officialDocument();

    beforeAll(async () => {
      api = await createTestApi();
      own = (await api.request({ method: 'GET', url: '/openapi.json' })).body;
    });
    afterAll(() => api.close());

    it.each(Object.keys(official.components.schemas))(
      'has the component %s as it is there',
      (name) => {
        const ours = substance(own.components.schemas[name]);
        expect(withoutAdditions(ours, name)).toEqual(substance(official.components.schemas[name]));
      },
    );

    it('says everything in words of its own', () => {
      const theirs = new Set(descriptions(official));
      expect(descriptions(own).filter((text) => theirs.has(text))).toEqual([]);
    });

    it('has every operation, with all its parameters and answers', () => {
      for (const [path, operations] of Object.entries(official.paths)) {
        for (const [method, operation] of Object.entries(operations)) {
          const ours = own.paths[path]?.[method];
          expect(ours?.operationId).toBe(operation.operationId);
          expect(names(ours?.parameters)).toEqual(
            expect.arrayContaining([...(names(operation.parameters) ?? [])]),
          );
          expect(ours?.responses[200]?.content).toMatchObject(
            operation.responses[200]?.content ?? {},
          );
        }
      }
    });
  },
  { extra: true },
);

/** Fields that we add; every one of them is optional. */
const ADDITIONS: Readonly<Record<string, readonly string[]>> = { RunListResponse: ['total_runs'] };

function withoutAdditions(schema: unknown, name: string): unknown {
  const added = ADDITIONS[name] ?? [];
  const { properties, required, ...rest } = schema as {
    properties?: Record<string, unknown>;
    required?: ReadonlySet<string>;
  };
  expect(added.filter((field) => required?.has(field))).toEqual([]);
  if (properties === undefined) return schema;
  const kept = Object.entries(properties).filter(([field]) => !added.includes(field));
  return {
    ...rest,
    properties: Object.fromEntries(kept),
    ...(required !== undefined && { required }),
  };
}

const WORDING: ReadonlySet<string> = new Set(['description', 'title', 'example']);

/** A schema without what is only said to people; `required` is a set. */
function substance(schema: unknown, isMapOfSchemas = false): unknown {
  if (Array.isArray(schema)) return schema.map((item) => substance(item));
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema)
    .filter(([key]) => isMapOfSchemas || !WORDING.has(key))
    .map(([key, value]) => [
      key,
      key === 'required' && Array.isArray(value)
        ? new Set(value)
        : substance(value, key === 'properties' && !isMapOfSchemas),
    ]);
  return Object.fromEntries(entries);
}

function descriptions(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    key === 'description' && typeof item === 'string' && item.length > 20
      ? [item.trim()]
      : descriptions(item),
  );
}

function names(
  parameters: readonly { readonly name: string }[] | undefined,
): readonly string[] | undefined {
  return parameters?.map(({ name }) => name);
}
