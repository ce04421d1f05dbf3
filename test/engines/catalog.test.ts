import { describe, expect, test } from 'vitest';
import { createEngineCatalog, type EngineCatalogDeps } from '../../src/engines/catalog.ts';
import { detectEngines, offersOf } from '../../src/engines/detect.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { createFakeEngine } from '../../src/engines/fake.ts';
import { createEngines } from '../../src/engines/registry.ts';
import type { DaemonRecord } from '../../src/runs/daemon-registry.ts';
import type { EngineCatalog, EngineOffer } from '../../src/runs/engine-catalog.ts';
import { isServiceParameter } from '../../src/runs/service-parameters.ts';
import { cwlRequest } from '../support/cwl-samples.ts';

const engines: readonly Engine[] = [...createEngines(), createFakeEngine()];
const [cwltool = createFakeEngine()] = engines;

function offer(changes: Partial<EngineOffer> = {}): EngineOffer {
  const { name, workflowTypes, parameters } = cwltool;
  return { engine: name, versions: ['3.2', '3.1'], workflowTypes, parameters, ...changes };
}

function catalog(changes: Partial<EngineCatalogDeps> = {}): EngineCatalog {
  return createEngineCatalog({
    engines,
    localOffers: [offer()],
    limits: { allowedFileRoots: [] },
    ...changes,
  });
}

const record = (...offers: readonly EngineOffer[]): DaemonRecord => ({
  ...{
    daemonId: 'd',
    host: 'h',
    processId: 1,
    processStart: '1',
    startedAt: 0,
    beat: 1,
    beatAt: 0,
  },
  engines: offers,
});

describe('the offers', () => {
  test('are those of this host and of the daemons, each engine once, versions newest first', async () => {
    const daemons = { list: async () => [record(offer({ versions: ['3.10', '3.2'] })), record()] };
    const offers = await catalog({ daemons }).offers();
    expect(offers.map(({ engine, versions }) => [engine, versions])).toEqual([
      ['cwltool', ['3.10', '3.2', '3.1']],
    ]);
  });

  test('unite the languages of differing offers', async () => {
    const local = offer({ workflowTypes: { CWL: ['v1.2'] } });
    const remote = offer({ workflowTypes: { CWL: ['v1.2', 'v1.3'], WDL: ['1.0'] } });
    const daemons = { list: async () => [record(remote)] };
    const [united] = await catalog({ localOffers: [local], daemons }).offers();
    expect(united?.workflowTypes).toEqual({ CWL: ['v1.2', 'v1.3'], WDL: ['1.0'] });
  });

  test('have the versions of a language that the installed versions of its engine speak', () => {
    const engine: Engine = {
      ...createFakeEngine(),
      workflowTypes: { A: ['1', '2', '3'], B: ['9'] },
      speaks: ({ version }, _type, typeVersion) => version.startsWith(typeVersion),
    };
    const installations = ['3.1', '1.0'].map((version) => ({
      engine: engine.name,
      version,
      launcher: ['x'],
    }));
    expect(offersOf([{ engine, installations }])[0]?.workflowTypes).toEqual({ A: ['1', '3'] });
  });

  test('are asked for once in a while, and again after a failure', async () => {
    let asked = 0;
    let now = 0;
    const daemons = {
      list: async () => {
        asked += 1;
        if (asked === 1) throw new Error('database is away');
        return [];
      },
    };
    const { offers } = catalog({ daemons, clock: () => now, memoMilliseconds: 1000 });
    await expect(offers()).rejects.toThrow('database is away');
    await Promise.all([offers(), offers()]);
    now = 999;
    await offers();
    expect(asked).toBe(2);
    now = 1000;
    await offers();
    expect(asked).toBe(3);
  });

  test('may be asked of this host', async () => {
    const localOffers = async (): Promise<readonly EngineOffer[]> => [offer()];
    expect(await catalog({ localOffers }).offers()).toHaveLength(1);
  });

  test('of installed engines follow from what was detected', async () => {
    const probe = async (): Promise<undefined> => undefined;
    const installed = await detectEngines(engines, probe, { installRoot: '/nowhere' });
    expect(offersOf(installed)).toMatchObject([{ engine: 'fake', versions: ['1.0'] }]);
  });
});

describe('a request', () => {
  const resolve = (
    changes: Parameters<typeof cwlRequest>[0],
    deps: Partial<EngineCatalogDeps> = {},
  ): ReturnType<EngineCatalog['resolve']> => catalog(deps).resolve(cwlRequest(changes));

  test.each([
    ['CWL', 'v1.2'],
    ['cwl', '1.2'],
    ['Cwl', 'V1.2'],
  ])('for %s %s is written as CWL v1.2', async (workflowType, workflowTypeVersion) => {
    expect(await resolve({ workflowType, workflowTypeVersion })).toMatchObject({
      engine: 'cwltool',
      request: { workflowType: 'CWL', workflowTypeVersion: 'v1.2' },
    });
  });

  test('keeps the spelling of languages whose versions have no v', async () => {
    const localOffers = [offer({ engine: 'fake', workflowTypes: { WDL: ['1.0'] } })];
    const request = { workflowType: 'wdl', workflowTypeVersion: 'v1.0' };
    expect(await resolve(request, { localOffers })).toMatchObject({
      request: { workflowType: 'WDL', workflowTypeVersion: '1.0' },
    });
  });

  test('gets only what it asked for', async () => {
    const { request } = await resolve({ tags: { a: 'b' } });
    expect(request).toEqual(cwlRequest({ tags: { a: 'b' } }));
  });

  test('for an engine and its version gets them, in any spelling', async () => {
    expect(
      await resolve({ workflowEngine: 'CWLtool', workflowEngineVersion: 'v3.1' }),
    ).toMatchObject({
      engine: 'cwltool',
      request: { workflowEngine: 'cwltool', workflowEngineVersion: '3.1' },
    });
  });

  test.each([
    [
      { workflowType: 'GALAXY' },
      "workflow_type: 'GALAXY' is not supported; supported: CWL, WDL, NFL, SMK, FAKE",
    ],
    [
      { workflowTypeVersion: 'v9' },
      "workflow_type_version: 'v9' is not supported of CWL; supported: v1.0, v1.1, v1.2",
    ],
    [{ workflowEngine: 'toil' }, "workflow_engine: 'toil' is not supported; supported: cwltool"],
    [
      { workflowEngine: 'cwltool', workflowEngineVersion: '2' },
      "workflow_engine_version: '2' is not supported of cwltool; supported: 3.2, 3.1",
    ],
    [
      { workflowEngineVersion: '3.2' },
      'workflow_engine_version: needs workflow_engine beside it; supported: cwltool',
    ],
  ])('%j is refused with what is supported', async (changes, message) => {
    await expect(resolve(changes)).rejects.toMatchObject({ code: 'invalid_request', message });
  });

  test('for a language whose engine is not installed names the remedy', async () => {
    await expect(resolve({}, { localOffers: [] })).rejects.toThrow(
      'no engine for CWL v1.2 is installed here; the operator can install one with `wes engines install cwltool`',
    );
  });

  test('for an engine that does not speak its language is refused', async () => {
    const localOffers = [offer(), offer({ engine: 'fake', workflowTypes: { FAKE: ['1.0'] } })];
    await expect(resolve({ workflowEngine: 'fake' }, { localOffers })).rejects.toThrow(
      "'fake' is not supported for CWL v1.2; supported: cwltool",
    );
  });

  test('for an engine that only another version of the service knows is refused', async () => {
    const localOffers = [offer({ engine: 'newcomer', workflowTypes: { NEW: ['1'] } })];
    await expect(
      resolve({ workflowType: 'new', workflowTypeVersion: '1' }, { localOffers }),
    ).rejects.toThrow("workflow_engine: 'newcomer'");
  });

  test('is held to the rules of its engine', async () => {
    const workflowParams = { a: { class: 'File', path: '/etc/passwd' } };
    await expect(resolve({ workflowParams })).rejects.toThrow(/workflow_params\.a\.path/);
  });

  const parameters = (given: Record<string, string>): ReturnType<EngineCatalog['resolve']> =>
    resolve({ workflowEngineParameters: given });

  test('may set the parameters of its engine', async () => {
    const { request } = await parameters({
      parallel: 'FALSE',
      'on-error': 'continue',
      'eval-timeout': '90',
    });
    expect(request.workflowEngineParameters).toEqual({
      parallel: 'false',
      'on-error': 'continue',
      'eval-timeout': '90',
    });
  });

  test('may set the parameters of the service with every engine, and keeps them as they are', async () => {
    const given = { parallel: 'true', priority: '-3', timeout: '60' };
    expect((await parameters(given)).request.workflowEngineParameters).toEqual(given);
    const fake = { workflowType: 'FAKE', workflowTypeVersion: '1.0' };
    const localOffers = [offer({ engine: 'fake', workflowTypes: { FAKE: ['1.0'] } })];
    const own = { priority: '2' };
    const { request } = await resolve({ ...fake, workflowEngineParameters: own }, { localOffers });
    expect(request.workflowEngineParameters).toEqual(own);
  });

  test.each([
    [{ cachedir: '/tmp' }, /workflow_engine_parameters\.cachedir: is not .* supported: parallel, /],
    [{ parallel: 'yes' }, /\.parallel: must be true or false, not 'yes'/],
    [{ 'on-error': 'explode' }, /\.on-error: must be stop or continue/],
    [{ 'eval-timeout': '-1' }, /\.eval-timeout: must be a whole number/],
    [{ 'eval-timeout': '1e3' }, /a whole number/],
    [{ toString: 'x' }, /\.toString: is not a parameter/],
  ])('with parameters %j is refused', async (given, message) => {
    await expect(parameters(given)).rejects.toThrow(message);
  });
});

test('string parameters are taken as they are, and an engine without parameters has those of the service', async () => {
  const { checkEngineParameters } = await import('../../src/engines/engine-parameters.ts');
  const known = [{ name: 'p', type: 'string', defaultValue: '', description: 'd' }] as const;
  expect(checkEngineParameters('e', known, { p: ' any ' })).toEqual({ p: ' any ' });
  expect(checkEngineParameters('e', known, undefined)).toBeUndefined();
  expect(() => checkEngineParameters('e', [], { p: '' })).toThrow(
    'supported: priority, timeout, cache',
  );
});

test('no engine has a parameter by the name of one of the service', () => {
  const names = createEngines().flatMap((engine) => engine.parameters.map(({ name }) => name));
  expect(names).not.toHaveLength(0);
  expect(names.filter(isServiceParameter)).toEqual([]);
});

test('a language may be written as people call it', async () => {
  const nextflow = engines.find(({ name }) => name === 'nextflow');
  const { workflowTypes = {} } = nextflow ?? {};
  const localOffers = [offer({ engine: 'nextflow', workflowTypes, parameters: [] })];
  for (const workflowType of ['NFL', 'nfl', 'Nextflow', 'NEXTFLOW']) {
    const request = { workflowType, workflowTypeVersion: 'dsl2', workflowUrl: 'main.nf' };
    expect(await catalog({ localOffers }).resolve(request)).toMatchObject({
      engine: 'nextflow',
      request: { workflowType: 'NFL', workflowTypeVersion: 'DSL2' },
    });
  }
});
