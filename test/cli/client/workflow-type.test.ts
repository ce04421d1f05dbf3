import { describe, expect, test } from 'vitest';
import { detectLanguage, languageByName } from '../../../src/cli/client/workflow-type.ts';

describe('the language of a workflow', () => {
  test.each([
    ['main.cwl', 'cwlVersion: v1.2\nclass: Workflow', { type: 'CWL', version: 'v1.2' }],
    ['packed.json', '{"cwlVersion": "v1.0", "$graph": []}', { type: 'CWL', version: 'v1.0' }],
    ['main.wdl', '# hello\nversion 1.0\n\nworkflow w {}', { type: 'WDL', version: '1.0' }],
    ['old.wdl', 'workflow w {}', { type: 'WDL', version: 'draft-2' }],
    ['nameless', 'version 1.1\ntask t {\n}', { type: 'WDL', version: '1.1' }],
    ['main.nf', 'workflow { }', { type: 'NFL' }],
    ['workflow/Snakefile', 'rule all:', { type: 'SMK' }],
    ['rules.smk', 'rule all:', { type: 'SMK' }],
    ['notes.txt', 'version 2 of my notes', undefined],
  ])('of %s with %j is %j', (name, text, language) => {
    expect(detectLanguage(name, text)).toEqual(language);
  });

  test('of an address is seen from its path alone', () => {
    expect(languageByName('/a/b/main.CWL')).toEqual({ type: 'CWL' });
    expect(languageByName('/a/b/main')).toBeUndefined();
  });
});
