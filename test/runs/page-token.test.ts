import { describe, expect, it } from 'vitest';
import { decodePageToken, encodePageToken, type PageScope } from '../../src/runs/page-token.ts';

const RUNS: PageScope = { list: 'runs', filter: { owner: 'alice', states: ['RUNNING'] } };

describe('a page token', () => {
  it('carries where the next page begins and what the list was bounded by', () => {
    const position = { after: 'some run', before: 1234 };
    expect(decodePageToken(RUNS, encodePageToken(RUNS, position))).toEqual(position);
    expect(decodePageToken(RUNS, encodePageToken(RUNS, { after: '5' }))).toEqual({ after: '5' });
  });

  it('is the same from every instance, so that any of them understands it', () => {
    expect(encodePageToken(RUNS, { after: 'x', before: 1 })).toBe(
      encodePageToken(RUNS, { after: 'x', before: 1 }),
    );
  });

  it('is safe in a URL', () => {
    expect(encodePageToken(RUNS, { after: 'ÿÿ>>??~~/path' })).toMatch(/^[\w-]+$/);
  });

  it.each<[string, PageScope]>([
    ['another owner', { list: 'runs', filter: { owner: 'bob', states: ['RUNNING'] } }],
    ['another filter', { list: 'runs', filter: { owner: 'alice' } }],
    ['another list', { list: 'tasks', filter: RUNS.filter }],
  ])('of %s is refused', (_what, scope) => {
    const token = encodePageToken(scope, { after: 'x' });
    expect(() => decodePageToken(RUNS, token)).toThrow('page_token: belongs to another list');
  });

  it('that is damaged anywhere is refused', () => {
    const token = encodePageToken(RUNS, { after: 'some run', before: 1234 });
    for (let index = 0; index < token.length; index += 1) {
      const other = token[index] === 'A' ? 'B' : 'A';
      const damaged = token.slice(0, index) + other + token.slice(index + 1);
      expect(() => decodePageToken(RUNS, damaged)).toThrow('page_token: ');
    }
  });

  it.each([
    '!',
    'abc',
    'bnVsbA',
    Buffer.from('[]').toString('base64url'),
    Buffer.from('{}').toString('base64url'),
    Buffer.from('[2,"d","x",null,"s"]').toString('base64url'),
    Buffer.from('[1,"d",7,null,"s"]').toString('base64url'),
    Buffer.from('[1,"d","x","soon","s"]').toString('base64url'),
    `${encodePageToken(RUNS, { after: 'x' })}!`,
  ])('%s is not one of ours', (token) => {
    expect(() => decodePageToken(RUNS, token)).toThrow('not one that this service gave out');
  });
});
