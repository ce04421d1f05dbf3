import type { EngineOffer } from '../runs/engine-catalog.ts';
import { invalidRequest } from '../runs/errors.ts';
import type { RunRequest } from '../runs/run.ts';
import type { Engine } from './engine.ts';

/** A language: the type and version as the service writes them. */
interface Language {
  readonly type: string;
  readonly version: string;
}

/**
 * Finds the engine for a request: the one that it names, else the first that speaks its language. Type,
 * version and engine are recognised in any letter case, versions with and without a leading `v`.
 * @throws WesError `invalid_request` naming the field, what is supported and the remedy
 */
export function chooseEngine(
  request: RunRequest,
  offers: readonly EngineOffer[],
  engines: readonly Engine[],
): { readonly request: RunRequest; readonly engine: Engine } {
  const language = findLanguage(request, [...offers, ...engines]);
  const speakers = offers.filter((offer) => speaks(offer, language));
  if (speakers.length === 0) throw notInstalled(language, engines);
  const offer = findOffer(request, language, speakers, offers);
  const workflowEngineVersion = findEngineVersion(request, offer);
  const engine = engines.find(({ name }) => name === offer.engine);
  if (engine === undefined) {
    throw invalidRequest(
      'workflow_engine',
      `'${offer.engine}' is offered by a daemon of another version of this service`,
    );
  }
  return {
    engine,
    request: {
      ...request,
      workflowType: language.type,
      workflowTypeVersion: language.version,
      ...(request.workflowEngine !== undefined && { workflowEngine: offer.engine }),
      ...(workflowEngineVersion !== undefined && { workflowEngineVersion }),
    },
  };
}

/** What people write instead of the standard's names of languages. */
const LONG_NAMES: Readonly<Record<string, string>> = { nextflow: 'NFL', snakemake: 'SMK' };

type Speaker = Pick<EngineOffer, 'workflowTypes'>;

/** Among the languages of everything known, installed or not: a missing engine is another error. */
function findLanguage(request: RunRequest, speakers: readonly Speaker[]): Language {
  const types = unique(speakers.flatMap(({ workflowTypes }) => Object.keys(workflowTypes)));
  const wanted = LONG_NAMES[request.workflowType.toLowerCase()] ?? request.workflowType;
  const type = types.find((known) => sameText(known, wanted));
  if (type === undefined) {
    throw unknown('workflow_type', request.workflowType, types);
  }
  const versions = unique(speakers.flatMap(({ workflowTypes }) => workflowTypes[type] ?? []));
  const version = versions.find((known) => sameVersion(known, request.workflowTypeVersion));
  if (version === undefined) {
    throw unknown('workflow_type_version', request.workflowTypeVersion, versions, ` of ${type}`);
  }
  return { type, version };
}

function speaks({ workflowTypes }: Speaker, { type, version }: Language): boolean {
  return workflowTypes[type]?.includes(version) ?? false;
}

function findOffer(
  request: RunRequest,
  language: Language,
  speakers: readonly EngineOffer[],
  offers: readonly EngineOffer[],
): EngineOffer {
  const name = request.workflowEngine;
  const [first] = speakers;
  if (name === undefined && first !== undefined) return first;
  const offer = speakers.find(({ engine }) => name !== undefined && sameText(engine, name));
  if (offer !== undefined) return offer;
  const isKnown = offers.some(({ engine }) => name !== undefined && sameText(engine, name));
  const what = `${language.type} ${language.version}`;
  throw unknown(
    'workflow_engine',
    name ?? '',
    speakers.map(({ engine }) => engine),
    isKnown ? ` for ${what}` : '',
  );
}

/** WES 1.1: a workflow_engine_version has a meaning only together with its workflow_engine. */
function findEngineVersion(request: RunRequest, offer: EngineOffer): string | undefined {
  const version = request.workflowEngineVersion;
  if (version === undefined) return undefined;
  if (request.workflowEngine === undefined) {
    throw invalidRequest(
      'workflow_engine_version',
      `needs workflow_engine beside it; supported: ${offer.engine}`,
    );
  }
  const known = offer.versions.find((installed) => sameVersion(installed, version));
  if (known === undefined) {
    throw unknown('workflow_engine_version', version, offer.versions, ` of ${offer.engine}`);
  }
  return known;
}

function notInstalled({ type, version }: Language, engines: readonly Engine[]): Error {
  const remedies = engines
    .filter((engine) => speaks(engine, { type, version }))
    .map(({ name }) => `\`wes engines install ${name}\``);
  return invalidRequest(
    'workflow_type',
    `no engine for ${type} ${version} is installed here; the operator can install one with ${remedies.join(' or ')}`,
  );
}

function unknown(field: string, value: string, supported: readonly string[], of = ''): Error {
  const list = supported.length === 0 ? 'none' : supported.join(', ');
  return invalidRequest(field, `'${value}' is not supported${of}; supported: ${list}`);
}

function sameText(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function sameVersion(a: string, b: string): boolean {
  return withoutV(a) === withoutV(b);
}

function withoutV(version: string): string {
  return version.toLowerCase().replace(/^v(?=\d)/, '');
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
