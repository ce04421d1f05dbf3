import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCwltoolEngine } from '../../../src/engines/cwltool/engine.ts';
import type { JsonObject, JsonValue } from '../../../src/runs/json.ts';
import { cwlRequest } from '../../support/cwl-samples.ts';

const engine = createCwltoolEngine();

function check(workflowParams: JsonObject, allowedFileRoots: readonly string[] = []): void {
  engine.checkRequest(cwlRequest({ workflowParams }), { allowedFileRoots });
}

const file = (location: string): JsonObject => ({ a: { class: 'File', location } });

describe('inputs of a CWL run', () => {
  test.each([
    ['file:///etc/passwd'],
    ['file://host/etc/passwd'],
    ['FILE:///etc/passwd'],
    ['/etc/passwd'],
    ['//etc/passwd'],
    ['../other/file'],
    ['a/../../b'],
    ['a\\..\\b'],
    ['%2e%2e/other'],
    ['%2Fetc/passwd'],
    ['file:///allowed/../etc/passwd'],
    ['file:///allowed/%2e%2e/etc/passwd'],
    ['file:///allowedX/file'],
    ['/allowed'],
  ])('a File at %s lies outside', (location) => {
    const refusal = expect.objectContaining({
      code: 'invalid_request',
      message: expect.stringContaining('workflow_params.a.location'),
    });
    expect(() => check(file(location), ['/allowed'])).toThrow(refusal);
    expect(() => check({ a: { class: 'File', path: location } }, ['/allowed'])).toThrow(
      /outside the run; attach the file/,
    );
  });

  test.each([
    ['reads.fastq'],
    ['sub/dir/reads ü 1.fastq'],
    ['a..b'],
    ['https://host/x'],
    ['HTTP://h/x'],
  ])('a File at %s is taken', (location) => {
    expect(() => check(file(location))).not.toThrow();
  });

  test('files below an allowed root are taken, as address and as path', () => {
    expect(() => check(file('file:///allowed/x.fa'), ['/allowed'])).not.toThrow();
    expect(() => check(file('/allowed/sub/x.fa'), ['/allowed/'])).not.toThrow();
  });

  test('schemes that the service fetches are taken, but for a Directory', () => {
    const limits = { allowedFileRoots: [], inputSchemes: ['https', 's3', 'drs'] };
    const checkWith = (workflowParams: JsonObject) => () =>
      engine.checkRequest(cwlRequest({ workflowParams }), limits);
    expect(checkWith(file('s3://bucket/key'))).not.toThrow();
    expect(checkWith(file('drs://dg.4503:abc'))).not.toThrow();
    expect(checkWith(file('gs://bucket/key'))).toThrow(/one of: https, s3, drs$/);
    const directory = { class: 'Directory', location: 's3://bucket/key/' };
    expect(checkWith({ a: [directory] })).toThrow(
      "workflow_params.a[0]: the directory 's3://bucket/key/' can't be fetched",
    );
    expect(checkWith({ a: { class: 'Directory', listing: [file('s3://b/k')] } })).not.toThrow();
  });

  test('other schemes are refused with those that work', () => {
    expect(() => check(file('s3://bucket/key'))).toThrow(/'s3' is not supported.*http, https$/);
    expect(() => check(file('drs://host/id'), ['/allowed'])).toThrow(/http, https, file$/);
  });

  test('secondary files, listings and arrays are searched', () => {
    const bad = { class: 'File', location: '/etc/passwd' };
    const places: readonly JsonObject[] = [
      { a: { class: 'File', location: 'a', secondaryFiles: [bad] } },
      { a: { class: 'Directory', basename: 'd', listing: [bad] } },
      { a: [[[{ deep: { record: bad } }]]] },
      { a: { location: 'file:///etc/passwd' } },
    ];
    for (const inputs of places) expect(() => check(inputs)).toThrow(/workflow_params\.a/);
  });

  test('the place is named with indices', () => {
    const inputs = {
      reads: [
        { class: 'File', path: 'a' },
        { class: 'File', path: '/b' },
      ],
    };
    expect(() => check(inputs)).toThrow(/workflow_params\.reads\[1\]\.path/);
  });

  test.each([
    'cwl:tool',
    'cwl:requirements',
    'cwltool:overrides',
    'http://commonwl.org/cwltool#overrides',
    'https://w3id.org/cwl/cwl#requirements',
    '$import',
    '$include',
    '$mixin',
    '$graph',
    '$base',
    '$schemas',
    '__id',
  ])('the key %s is refused at any depth', (key) => {
    expect(() => check({ [key]: 'x' })).toThrow(key);
    expect(() => check({ a: [{ b: { [key]: 'x' } }] })).toThrow(key);
  });

  test('no prefix may stand for CWL or cwltool, others may', () => {
    const prefixed = (address: string): JsonObject => ({ $namespaces: { x: address }, 'x:y': [] });
    expect(() => check(prefixed('http://commonwl.org/cwltool#'))).toThrow(/\$namespaces/);
    expect(() => check(prefixed('https://w3id.org/cwl/cwl#'))).toThrow(/\$namespaces/);
    expect(() => check({ $namespaces: [] })).toThrow(/\$namespaces/);
    expect(() => check(prefixed('http://edamontology.org/'))).not.toThrow();
  });

  test('a File brings no place of its own to be written to', () => {
    const literal = { class: 'File', contents: 'x' };
    expect(() => check({ a: { ...literal, basename: 'x.txt', location: '_:1' } })).not.toThrow();
    expect(() => check({ a: { ...literal, dirname: '/root/.ssh' } })).toThrow(/dirname/);
    expect(() => check({ a: { ...literal, basename: '../x' } })).toThrow(/plain file name/);
    expect(() => check({ a: { ...literal, basename: '..' } })).toThrow(/plain file name/);
  });

  test('plain strings and numbers are nobody’s files', () => {
    expect(() =>
      check({ reference: '/data/hg38', address: 'file:///x', n: 3, no: null }),
    ).not.toThrow();
  });

  test('any nesting is searched without exhausting the stack', () => {
    let nested: JsonValue = { class: 'File', location: '/etc/passwd' };
    for (let depth = 0; depth < 100_000; depth++) nested = [nested];
    expect(() => check({ nested })).toThrow(/outside the run/);
  });

  test('whatever the inputs are, they are taken or refused as invalid', () => {
    const refused = (inputs: JsonObject): boolean => {
      try {
        check(inputs);
        return true;
      } catch (error) {
        return error instanceof Error && 'code' in error && error.code === 'invalid_request';
      }
    };
    const keys = fc.constantFrom(
      'class',
      'location',
      'path',
      'basename',
      'listing',
      '$import',
      'a',
    );
    const leaves = fc.constantFrom<JsonValue>('File', 'Directory', '../x', '%', '', null, 1, 'a:b');
    const { object } = fc.letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
      value: fc.oneof(leaves, tie('object'), fc.array(tie('value'), { maxLength: 3 })),
      object: fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
    }));
    fc.assert(fc.property(object, refused));
  });
});

describe('the address of a CWL workflow', () => {
  const at =
    (workflowUrl: string, roots: readonly string[] = []) =>
    (): void =>
      engine.checkRequest(cwlRequest({ workflowUrl }), { allowedFileRoots: roots });

  test('attachments, http(s) and allowed files are taken', () => {
    expect(at('main.cwl#main')).not.toThrow();
    expect(at('https://host/main.cwl#main')).not.toThrow();
    expect(at('file:///allowed/main.cwl', ['/allowed'])).not.toThrow();
  });

  test('other files and schemes are refused', () => {
    expect(at('file:///etc/main.cwl', ['/allowed'])).toThrow(/workflow_url/);
    expect(at('trs://host/tool')).toThrow(/workflow_url/);
  });
});
