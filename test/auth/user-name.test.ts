import { describe, expect, it } from 'vitest';
import { problemOfUserName } from '../../src/auth/user-name.ts';

describe('a user name', () => {
  it.each(['alice', 'Alice.B-2_c', 'alice@example.org', 'ålice', '漢字', 'x'.repeat(128)])(
    'may be %j',
    (name) => {
      expect(problemOfUserName(name)).toBeUndefined();
    },
  );

  it.each([
    '',
    'a:b',
    'a,b',
    'a b',
    ' a',
    'a\u00a0b',
    'a\0',
    'a\n',
    'a\u200b', // zero width: looks like `a`
    'a\u202eb', // turns the writing direction
    'lone\ud800',
    'e\u0301', // not composed
    'x'.repeat(129),
  ])('may not be %j', (name) => {
    expect(problemOfUserName(name)).toMatch(/^must /);
  });
});
