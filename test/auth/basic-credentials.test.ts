import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBasicCredentials } from '../../src/auth/basic-credentials.ts';
import { basic } from '../support/basic.ts';

describe('credentials of HTTP Basic', () => {
  it('are name and password, apart at the first colon', () => {
    expect(parseBasicCredentials(basic('alice', 'a:b:c'))).toEqual({
      name: 'alice',
      password: 'a:b:c',
    });
    expect(parseBasicCredentials(basic('alice', ''))).toEqual({ name: 'alice', password: '' });
  });

  it('give back any name without a colon and any password', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, (name, password) => {
        fc.pre(!name.includes(':'));
        expect(parseBasicCredentials(basic(name, password))).toEqual({
          name: name.normalize('NFC'),
          password,
        });
      }),
    );
  });

  it('may name the scheme in any case', () => {
    expect(parseBasicCredentials(basic('a', 'b').replace('Basic', 'bASIC '))).toBeDefined();
  });

  it('are read as ISO 8859-1 when they are no UTF-8, as old clients send them', () => {
    const encoded = Buffer.from('bj\xf6rn:gr\xfc\xdfe', 'latin1').toString('base64');
    expect(parseBasicCredentials(`Basic ${encoded}`)).toEqual({ name: 'björn', password: 'grüße' });
  });

  it.each(['', 'Basic', 'Basic ', 'Basic !!!', 'Bearer abc', 'Basic YQ==', 'Basic YTpi YTpi'])(
    'are not in %j',
    (header) => {
      expect(parseBasicCredentials(header)).toBeUndefined();
    },
  );
});
