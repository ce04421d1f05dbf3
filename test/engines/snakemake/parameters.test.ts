import { describe, expect, test } from 'vitest';
import { createSnakemakeEngine } from '../../../src/engines/snakemake/engine.ts';
import { parameterOptions } from '../../../src/engines/snakemake/parameters.ts';
import { smkRequest } from '../../support/snakemake-samples.ts';

const engine = createSnakemakeEngine();
const check = (workflowEngineParameters: Readonly<Record<string, string>>): void =>
  engine.checkRequest(smkRequest({ workflowEngineParameters }), { allowedFileRoots: [] });

describe('engine parameters', () => {
  test('become Snakemake’s options, the targets last and never taken for options', () => {
    const workflowEngineParameters = {
      targets: 'all  plots/a.png',
      'keep-going': 'true',
      retries: '2',
      'set-threads': 'align=4 sort=2',
      resources: 'mem_mb=8000',
    };
    expect(parameterOptions(smkRequest({ workflowEngineParameters }))).toEqual([
      ...['--keep-going', '--retries', '2', '--set-threads', 'align=4', 'sort=2'],
      ...['--resources', 'mem_mb=8000', '--', 'all', 'plots/a.png'],
    ]);
  });

  test.each([
    [{ targets: '/etc/passwd' }],
    [{ targets: 'a ../b' }],
    [{ targets: 'a/../../b' }],
    [{ until: '--cluster' }],
    [{ 'set-threads': 'align=many' }],
    [{ 'set-resources': 'align=4' }],
    [{ 'default-resources': '--profile x=1' }],
    [{ resources: 'mem_mb=-1' }],
  ])('of %j are refused by name', (parameters) => {
    const [name] = Object.keys(parameters);
    expect(() => check(parameters)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        message: expect.stringContaining(`${name}`),
      }),
    );
  });
});

describe('a configuration', () => {
  const accepts = (value: string): boolean => {
    try {
      const request = smkRequest({ workflowParams: { value } });
      engine.checkRequest(request, { allowedFileRoots: ['/data'] });
      return true;
    } catch {
      return false;
    }
  };

  test.each(['/', '//', '-I /usr/include', 'a..b', '/dev/null', 'x/y', '/data/ref.fa', '/a\n/b'])(
    'may have the text %j',
    (text) => expect(accepts(text)).toBe(true),
  );

  test.each([
    '/etc/passwd',
    '../x',
    'a/../../x',
    'file:///etc/passwd',
    '/data/../etc/x',
    '/x/{n}.fq',
  ])('can not name the file %j', (text) => expect(accepts(text)).toBe(false));

  test('may name what lies at an address', () => {
    expect(accepts('https://example.org/a/../../b')).toBe(true);
  });
});
