import { describe, expect, it } from 'vitest';
import { checkFieldSizes, readRunRequest } from '../../src/runs/request-rules.ts';

const BASE = { workflow_type: 'CWL', workflow_type_version: 'v1.2', workflow_url: 'main.cwl' };

function read(fields: Readonly<Record<string, unknown>>) {
  return readRunRequest(new Map(Object.entries({ ...BASE, ...fields })));
}

describe('a run request', () => {
  it('of the required fields alone is enough, and absent fields stay absent', () => {
    expect(read({})).toEqual({
      workflowType: 'CWL',
      workflowTypeVersion: 'v1.2',
      workflowUrl: 'main.cwl',
    });
  });

  it('is read from texts of a form and from JSON values alike', () => {
    const expected = expect.objectContaining({
      workflowParams: { a: [1] },
      tags: { k: 'v' },
      workflowEngineParameters: { p: 'q' },
      workflowEngine: 'cwltool',
      workflowEngineVersion: '3.1',
    });
    const names = { workflow_engine: 'cwltool', workflow_engine_version: '3.1' };
    const values = {
      workflow_params: { a: [1] },
      tags: { k: 'v' },
      workflow_engine_parameters: { p: 'q' },
    };
    const texts = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]),
    );
    expect(read({ ...names, ...values })).toEqual(expected);
    expect(read({ ...names, ...texts })).toEqual(expected);
  });

  it('takes empty, blank and null fields as absent', () => {
    const empty = {
      workflow_params: '',
      tags: null,
      workflow_engine: ' ',
      workflow_engine_version: '',
    };
    expect(read({ ...empty, workflow_engine_parameters: 'null' })).toEqual(read({}));
  });

  it('may be spread over lines by a client that reads fields from files', () => {
    expect(read({ workflow_url: 'main.cwl\n' }).workflowUrl).toBe('main.cwl');
  });

  it('takes the name workflow_engine_name, unless it contradicts workflow_engine', () => {
    expect(read({ workflow_engine_name: 'toil' }).workflowEngine).toBe('toil');
    expect(read({ workflow_engine_name: 'toil', workflow_engine: 'toil' }).workflowEngine).toBe(
      'toil',
    );
    expect(() => read({ workflow_engine_name: 'toil', workflow_engine: 'cwltool' })).toThrow(
      'workflow_engine: differs',
    );
  });

  it('gets its engine parameters as strings', () => {
    const parameters = { flag: null, n: 4, f: 0.5, b: true, s: 'x' };
    expect(read({ workflow_engine_parameters: parameters }).workflowEngineParameters).toEqual({
      flag: '',
      n: '4',
      f: '0.5',
      b: 'true',
      s: 'x',
    });
  });

  it.each([
    [{ workflow_type: undefined }, 'workflow_type: a required field is missing'],
    [
      { workflow_type: '', workflow_url: undefined },
      'workflow_type, workflow_url: required fields are missing',
    ],
    [{ workflow_type: 5 }, 'workflow_type: must be a string'],
    [{ workflow_type: 'x'.repeat(256) }, 'workflow_type: must not be longer than 255'],
    [{ workflow_url: `a\0b` }, 'workflow_url: contains a NUL'],
    [{ workflow_url: '\uD800' }, 'workflow_url: contains half'],
    [{ workflow_url: 'x'.repeat(5000) }, 'workflow_url: must not be longer'],
    [{ workflow_params: '[1]' }, 'workflow_params: must be a JSON object'],
    [{ workflow_params: '"text"' }, 'workflow_params: must be a JSON object'],
    [{ workflow_params: '{"a":' }, 'workflow_params: is not valid JSON'],
    [{ tags: { a: 1 } }, "tags: the value of 'a' must be a string"],
    [{ tags: { a: null } }, "tags: the value of 'a' must be a string"],
    [{ tags: '[]' }, 'tags: must be a JSON object'],
    [{ tags: { a: 'x'.repeat(4097) } }, "tags: the value of 'a' is longer"],
    [{ tags: { ['x'.repeat(256)]: 'a' } }, 'tags: the key'],
    [
      { tags: Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [index, ''])) },
      'tags: there are 1001',
    ],
    [{ workflow_engine_parameters: { a: {} } }, "workflow_engine_parameters: the value of 'a'"],
    [{ workflow_engine_parameters: { a: [] } }, "workflow_engine_parameters: the value of 'a'"],
  ])('%j is refused by name', (fields, problem) => {
    expect(() => read(fields)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        message: expect.stringContaining(problem),
      }),
    );
  });

  it('has a limit for each field, in bytes', () => {
    const fields = new Map<string, unknown>([['workflow_params', { a: 'é'.repeat(10) }]]);
    expect(() => checkFieldSizes(fields, 28)).not.toThrow();
    expect(() => checkFieldSizes(fields, 27)).toThrow(
      expect.objectContaining({
        code: 'too_large',
        message: expect.stringMatching(/^workflow_params: /),
      }),
    );
    expect(() => checkFieldSizes(new Map([['tags', 'éé']]), 3)).toThrow('tags');
    expect(() => checkFieldSizes(new Map([['tags', undefined]]), 3)).not.toThrow();
  });
});
