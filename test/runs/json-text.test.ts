import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/runs/json.ts';
import { checkJson, parseJson } from '../../src/runs/json-text.ts';

describe('JSON that is going to be stored', () => {
  it('comes back as it was sent', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        // What is refused is not our subject here.
        fc.pre(
          !text.includes('__proto__') && !text.includes('\\u0000') && !/\\ud[89a-f]/.test(text),
        );
        expect(JSON.stringify(parseJson(text, 'f'))).toBe(text);
      }),
    );
  });

  it.each([
    ['{', 'not valid JSON'],
    ['{"a": NaN}', 'not valid JSON'],
    ['', 'not valid JSON'],
    [`${'['.repeat(101)}${']'.repeat(101)}`, '100 levels'],
    ['['.repeat(1_000_000), '100 levels'],
    ['{"a":'.repeat(200_000), '100 levels'],
    ['{"__proto__": {"polluted": true}}', '__proto__'],
    ['[{"a": [{"__proto__": 1}]}]', '__proto__'],
    ['{"a": 1e400}', 'too large'],
    ['{"a": 12345678901234567890}', '12345678901234567890'],
    ['{"a": 9007199254740993}', "can't be kept exactly"],
    ['{"a": "\\u0000"}', 'NUL'],
    ['{"\\u0000": 1}', 'NUL'],
    ['"\\ud800"', 'surrogate'],
  ])('%s is refused', (text, problem) => {
    expect(() => parseJson(text, 'workflow_params')).toThrow(problem);
    expect(() => parseJson(text, 'workflow_params')).toThrow(/^workflow_params: /);
    expect(Object.prototype).not.toHaveProperty('polluted');
  });

  it('may hold brackets in strings, long numbers that fit, and nesting of 100 levels', () => {
    expect(parseJson(`"${'['.repeat(500)}"`, 'f')).toBe('['.repeat(500));
    expect(parseJson('"\\"[["', 'f')).toBe('"[[');
    expect(parseJson('[9007199254740992, 0.12345678901234567890]', 'f')).toEqual([
      9007199254740992, 0.12345678901234568,
    ]);
    expect(() => parseJson(`${'['.repeat(100)}${']'.repeat(100)}`, 'f')).not.toThrow();
  });

  it('is checked also when it came in parsed', () => {
    expect(() => checkJson({ a: [Number.POSITIVE_INFINITY] }, 'f')).toThrow('too large');
    expect(() => checkJson(nested(101), 'f')).toThrow('100 levels');
  });
});

function nested(depth: number): JsonValue {
  let value: JsonValue = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}
