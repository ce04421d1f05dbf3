import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One node of a crate's graph, as it was read. */
export type Node = Readonly<Record<string, unknown>> & { readonly '@id': string };

/** A crate's document, parsed. */
export interface Crate {
  readonly nodes: readonly Node[];
  /** @throws Error when there is no such node */
  node(id: string): Node;
  has(id: string): boolean;
  ofType(type: string): readonly Node[];
}

export function readCrate(document: unknown): Crate {
  const { '@graph': graph } = document as { '@graph': readonly Node[] };
  const byId = new Map(graph.map((node) => [node['@id'], node]));
  return {
    nodes: graph,
    node: (id) => {
      const found = byId.get(id);
      if (found === undefined) throw new Error(`the crate has no ${id}`);
      return found;
    },
    has: (id) => byId.has(id),
    ofType: (type) => graph.filter((node) => typesOf(node).includes(type)),
  };
}

/** The ids that a property names: none, one or several. */
export function idsIn(node: Node, property: string): readonly string[] {
  return [node[property] ?? []].flat().flatMap((value) => {
    const id: unknown = typeof value === 'object' && value !== null && Reflect.get(value, '@id');
    return typeof id === 'string' ? [id] : [];
  });
}

const TERMS = join(import.meta.dirname, 'terms.json');

/**
 * What of RO-Crate 1.1, Workflow RO-Crate 1.0 and the profiles Process, Workflow and Provenance Run Crate
 * 0.5 a document breaks, as far as they say MUST; empty when nothing.
 */
export function crateProblems(document: unknown): readonly string[] {
  const crate = readCrate(document);
  const problems: string[] = [];
  const must = (isRight: boolean, problem: string) => void (isRight || problems.push(problem));
  checkDocument(document, crate, must);
  checkRoot(crate, must);
  checkWorkflow(crate, must);
  checkActions(crate, must);
  return problems;
}

type Must = (isRight: boolean, problem: string) => void;

function checkDocument(document: unknown, crate: Crate, must: Must): void {
  const contexts = JSON.parse(readFileSync(TERMS, 'utf8')) as Record<
    string,
    { '@context': Record<string, string> }
  >;
  must(
    JSON.stringify(Reflect.get(Object(document), '@context')) ===
      JSON.stringify(Object.keys(contexts)),
    'the context is that of RO-Crate and of workflow runs',
  );
  const terms = new Set(Object.values(contexts).flatMap((one) => Object.keys(one['@context'])));
  const ids = crate.nodes.map((node) => node['@id']);
  must(new Set(ids).size === ids.length, 'each @id occurs once');
  for (const node of crate.nodes) {
    must(isReference(node['@id']), `${node['@id']} is a URI or a relative one, percent-encoded`);
    for (const term of [...typesOf(node), ...Object.keys(node)]) {
      must(term.startsWith('@') || terms.has(term), `${term} is a term of the context`);
    }
    checkLinks(crate, node, must);
  }
}

/** The graph is flat, and what it names within the crate is in it. */
function checkLinks(crate: Crate, node: Node, must: Must): void {
  for (const [property, value] of Object.entries(node)) {
    for (const one of [value].flat()) {
      if (typeof one !== 'object' || one === null) continue;
      must(Object.keys(one).join() === '@id', `${node['@id']} ${property} is flat`);
    }
    const isFree = ['url', 'identifier', 'additionalType'].includes(property);
    const isMetadata = node['@id'] === 'ro-crate-metadata.json' && property === 'conformsTo';
    for (const id of isFree || isMetadata ? [] : idsIn(node, property)) {
      must(crate.has(id), `${node['@id']} ${property} names ${id}, which is in the graph`);
    }
  }
}

function checkRoot(crate: Crate, must: Must): void {
  const descriptor = crate.node('ro-crate-metadata.json');
  must(typesOf(descriptor).includes('CreativeWork'), 'the descriptor is a CreativeWork');
  must(idsIn(descriptor, 'about').join() === './', 'the descriptor is about ./');
  must(
    idsIn(descriptor, 'conformsTo').includes('https://w3id.org/ro/crate/1.1'),
    'the descriptor conforms to RO-Crate 1.1',
  );
  const root = crate.node('./');
  must(typesOf(root).includes('Dataset'), 'the root is a Dataset');
  for (const property of ['name', 'description', 'datePublished', 'license']) {
    must(root[property] !== undefined, `the root has ${property}`);
  }
  const profiles = ['process', 'workflow'].map((name) => `https://w3id.org/ro/wfrun/${name}/0.5`);
  for (const profile of profiles) {
    must(idsIn(root, 'conformsTo').includes(profile), `the root conforms to ${profile}`);
  }
  for (const id of idsIn(root, 'conformsTo')) {
    must(isA(crate, id, ['CreativeWork']), `${id} is a CreativeWork`);
  }
  const parts = new Set(idsIn(root, 'hasPart'));
  for (const file of crate.ofType('File')) {
    must(parts.has(file['@id']), `${file['@id']} is a part of the root`);
  }
  for (const id of parts) must(isA(crate, id, ['File', 'Dataset']), `${id} is a data entity`);
}

function checkWorkflow(crate: Crate, must: Must): void {
  const root = crate.node('./');
  const [main = ''] = idsIn(root, 'mainEntity');
  const workflow = crate.node(main);
  for (const type of ['File', 'SoftwareSourceCode', 'ComputationalWorkflow']) {
    must(typesOf(workflow).includes(type), `the main entity is a ${type}`);
  }
  const languages = idsIn(workflow, 'programmingLanguage');
  must(
    languages.length > 0 && languages.every((id) => isA(crate, id, ['ComputerLanguage'])),
    'the workflow has a language',
  );
  for (const id of [...idsIn(workflow, 'input'), ...idsIn(workflow, 'output')]) {
    must(isA(crate, id, ['FormalParameter']), `${id} is a FormalParameter`);
  }
  for (const parameter of crate.ofType('FormalParameter')) {
    must(parameter.additionalType !== undefined, `${parameter['@id']} has an additionalType`);
  }
  const runs = crate
    .ofType('CreateAction')
    .filter((one) => idsIn(one, 'instrument').includes(main));
  must(runs.length > 0, 'an action has the workflow as its instrument');
  if (!idsIn(root, 'conformsTo').includes('https://w3id.org/ro/wfrun/provenance/0.5')) return;
  must(typesOf(workflow).includes('HowTo'), 'a workflow with steps is a HowTo');
  const tools = idsIn(workflow, 'hasPart');
  must(tools.length > 0, 'the workflow has tools');
  for (const tool of tools) {
    must(isA(crate, tool, SOFTWARE), `${tool} is a tool`);
    const isUsed = crate
      .ofType('CreateAction')
      .some((one) => idsIn(one, 'instrument').includes(tool));
    must(isUsed, `${tool} was used by an action`);
  }
  const steps = new Set(idsIn(workflow, 'step'));
  for (const step of crate.ofType('HowToStep')) {
    must(steps.has(step['@id']), `${step['@id']} is a step of the workflow`);
    const [tool = ''] = idsIn(step, 'workExample');
    must(tools.includes(tool), `${step['@id']} is implemented by a tool of the workflow`);
  }
}

const SOFTWARE = ['SoftwareApplication', 'SoftwareSourceCode', 'ComputationalWorkflow'];
const STATUSES = ['CompletedActionStatus', 'FailedActionStatus'].map(
  (n) => `http://schema.org/${n}`,
);

function checkActions(crate: Crate, must: Must): void {
  const actions = ['CreateAction', 'ControlAction', 'OrganizeAction'].flatMap(crate.ofType);
  for (const action of actions) {
    const id = action['@id'];
    const { actionStatus: status, error } = action;
    must(status === undefined || STATUSES.includes(String(status)), `${id} has a known status`);
    must(error === undefined || status === STATUSES[1], `${id} has an error only where it failed`);
  }
  const linked = (type: string, property: string, types: readonly string[]) => {
    for (const action of crate.ofType(type)) {
      const ids = idsIn(action, property);
      const isRight = ids.length > 0 && ids.every((id) => isA(crate, id, types));
      must(isRight, `${property} of ${action['@id']} is a ${types.join(' or ')}`);
    }
  };
  linked('CreateAction', 'instrument', SOFTWARE);
  linked('ControlAction', 'instrument', ['HowToStep']);
  linked('ControlAction', 'object', ['CreateAction']);
  linked('OrganizeAction', 'instrument', SOFTWARE);
  linked('OrganizeAction', 'object', ['ControlAction']);
  linked('OrganizeAction', 'result', ['CreateAction']);
}

function typesOf(node: Node): readonly string[] {
  return [node['@type']].flat().map(String);
}

function isA(crate: Crate, id: string, types: readonly string[]): boolean {
  return crate.has(id) && typesOf(crate.node(id)).some((type) => types.includes(type));
}

function isReference(id: string): boolean {
  return /^[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/.test(id) && !/%(?![0-9a-f]{2})/i.test(id);
}
