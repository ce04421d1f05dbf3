import fc from 'fast-check';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkAttachmentName, createAttachmentNames } from '../../src/runs/attachment-name.ts';
import { WesError } from '../../src/runs/errors.ts';

describe('the name of an attachment', () => {
  it.each([
    'main.cwl',
    'tools/align/bwa.cwl',
    'a file with spaces (1).txt',
    '..hidden',
    'a..b',
    '…/données.txt',
    'x'.repeat(255),
    `${'d/'.repeat(400)}f`,
  ])('%s is taken as it is', (name) => {
    expect(() => checkAttachmentName(name)).not.toThrow();
  });

  it.each([
    ['', 'empty'],
    ['../x', "'..'"],
    ['a/../x', "'..'"],
    ['a/..', "'..'"],
    ['./x', "'.'"],
    ['/etc/passwd', 'absolute'],
    ['a//b', 'empty path segment'],
    ['a/', 'empty path segment'],
    ['a\\b', 'backslash'],
    ['a\0b', 'control character'],
    ['a\nb', 'control character'],
    ['a\u0085b', 'control character'],
    ['a\uD800', 'not valid UTF-8'],
    ['a\uFFFD', 'not valid UTF-8'],
    ['x'.repeat(256), '255 bytes'],
    ['é'.repeat(128), '255 bytes'],
    [`${'d/'.repeat(512)}f`, '960 bytes'],
  ])('%j is refused because of what is wrong with it', (name, problem) => {
    expect(() => checkAttachmentName(name)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        message: expect.stringContaining(problem),
      }),
    );
  });

  it('that is taken stays below the directory where it is staged', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('.', '/', '\\', 'a', '\0', '%') }), (name) => {
        try {
          checkAttachmentName(name);
        } catch (error) {
          expect(error).toBeInstanceOf(WesError);
          return;
        }
        expect(posix.join('/run/inputs', name)).toBe(`/run/inputs/${name}`);
      }),
    );
  });

  it('is shown shortened and without control characters', () => {
    expect(() => checkAttachmentName(`\u001b${'x'.repeat(500)}`)).toThrow(/^.{0,200}$/);
  });
});

describe('the names of one request', () => {
  it.each([
    [['a.txt', 'a.txt'], 'twice'],
    [['a.txt', 'A.TXT'], 'same on some file systems'],
    [['\u00e9.txt', 'e\u0301.txt'], 'same on some file systems'],
    [['a', 'a/b'], 'also a directory'],
    [['a/b', 'a'], 'also a directory'],
    [['a/b/c', 'A'], 'also a directory'],
    [['a/b', 'a/b/c/d'], 'also a directory'],
  ])('%j clash', (names, problem) => {
    const [first = '', second = ''] = names;
    const collected = createAttachmentNames();
    collected.add(first);
    expect(() => collected.add(second)).toThrow(problem);
  });

  it('may lie side by side', () => {
    const collected = createAttachmentNames();
    for (const name of ['a/b', 'a/c', 'ab', 'b/a/b', 'c']) {
      expect(() => collected.add(name)).not.toThrow();
    }
  });
});
