import { describe, expect, test } from 'vitest';
import { cwlReferences, isLocalAddress } from '../../../src/cli/client/cwl-references.ts';

describe('the files that a CWL document refers to', () => {
  test('are those of run, imports, includes, schemas, Files and Directories', () => {
    const document = {
      $schemas: ['edam.owl', 'https://example.org/x.owl'],
      requirements: [{ class: 'SchemaDefRequirement', types: [{ $import: 'types.yml#/reads' }] }],
      inputs: {
        ref: { type: 'File', default: { class: 'File', location: 'data/ref.fa' } },
        index: { type: 'Directory', default: { class: 'Directory', path: 'index' } },
      },
      steps: {
        one: { run: 'tools/one.cwl#main', in: {}, out: [] },
        two: { run: { class: 'CommandLineTool', script: { $include: 'two.sh' } }, in: {}, out: [] },
        far: { run: 'https://example.org/far.cwl', in: {}, out: [] },
        packed: { run: '#other', in: {}, out: [] },
      },
    };
    expect(cwlReferences(document)).toEqual([
      { address: 'edam.owl', kind: 'file' },
      { address: 'types.yml', kind: 'document' },
      { address: 'data/ref.fa', kind: 'file' },
      { address: 'index', kind: 'directory' },
      { address: 'tools/one.cwl', kind: 'document' },
      { address: 'two.sh', kind: 'file' },
    ]);
  });

  test('do not include an input that is called run', () => {
    expect(cwlReferences({ inputs: { run: 'File', other: 'string' } })).toEqual([]);
  });

  test('do not include addresses that are computed when the workflow runs', () => {
    const listing = [{ class: 'File', location: '$(inputs.x.location)' }];
    expect(cwlReferences({ listing })).toEqual([]);
    expect(isLocalAddress('${return 1}')).toBe(false);
  });

  test('are local also as file: addresses', () => {
    expect(isLocalAddress('file:///data/x')).toBe(true);
    expect(isLocalAddress('s3://bucket/x')).toBe(false);
  });
});
