import { isJsonObject, type JsonValue } from '../../../runs/json.ts';
import type { RunRequest } from '../../../runs/run.ts';
import type { InputKeys, RemoteInput, RemoteInputsContext } from '../../remote-inputs.ts';
import { schemeOf, WEB_SCHEMES } from '../../../runs/address-scheme.ts';
import {
  readDeclarations,
  type WdlCallable,
  type WdlDocument,
  type WdlType,
} from './declarations.ts';

/**
 * Inputs that the workflow's document declares as files. Of those whose types it does not tell, as of what it
 * imports, addresses of the web are left to the engine, which then knows; others it could not fetch anyway.
 */
export function wdlRemoteInputs(
  { workflowParams = {}, workflowEngineParameters = {} }: RunRequest,
  context: RemoteInputsContext,
): readonly RemoteInput[] {
  const document = declarationsIn(context.document);
  const target = targetOf(document, workflowEngineParameters['task']);
  const search = new Search(document, context);
  for (const [key, value] of Object.entries<JsonValue>(workflowParams)) {
    search.look(value, typeOf(key, target, document), [key]);
  }
  return search.found;
}

function declarationsIn(document: string | undefined): WdlDocument {
  const nothing = { callables: [], structs: new Map() };
  if (document === undefined) return nothing;
  try {
    return readDeclarations(document);
  } catch {
    return nothing; // the engine will say what is wrong with it
  }
}

/** As miniwdl chooses it: the task that was asked for, the workflow, or the only task. */
function targetOf({ callables }: WdlDocument, task = ''): WdlCallable | undefined {
  if (task !== '') return callables.find(({ kind, name }) => kind === 'task' && name === task);
  const workflow = callables.find(({ kind }) => kind === 'workflow');
  return workflow ?? (callables.length === 1 ? callables[0] : undefined);
}

/** Undefined for what the document does not tell. */
function typeOf(
  key: string,
  target: WdlCallable | undefined,
  { callables }: WdlDocument,
): WdlType | undefined {
  if (target === undefined) return undefined;
  const names = key.split('.');
  if (names.length > 1 && names[0] === target.name) names.shift();
  const [first = '', second] = names;
  if (names.length === 1) return target.inputs.get(first);
  if (names.length !== 2 || second === undefined) return undefined;
  const callee = target.calls.get(first);
  return callables.find(({ name }) => name === callee)?.inputs.get(second);
}

const TEXTS = new Set(['String', 'Int', 'Float', 'Boolean', 'Directory']);

class Search {
  readonly found: RemoteInput[] = [];
  readonly #document: WdlDocument;
  readonly #schemes: readonly string[];
  /** Of those whose type is not known. */
  readonly #guessed: readonly string[];

  constructor(document: WdlDocument, { schemes, isChosen }: RemoteInputsContext) {
    this.#document = document;
    this.#schemes = schemes;
    this.#guessed = isChosen ? schemes : schemes.filter((one) => !WEB_SCHEMES.includes(one));
  }

  look(value: JsonValue, type: WdlType | undefined, keys: InputKeys): void {
    if (typeof value === 'string') this.#lookAtText(value, type, keys);
    else if (isJsonObject(value)) {
      for (const [key, item] of Object.entries<JsonValue>(value)) {
        this.look(item, this.#memberType(type, key), [...keys, key]);
      }
    } else if (Array.isArray(value)) {
      const itemType = type?.name === 'Array' ? type.parameters[0] : undefined;
      // isArray does not narrow a union with readonly arrays
      for (const [index, item] of (value as readonly JsonValue[]).entries()) {
        this.look(item, itemType, [...keys, index]);
      }
    }
  }

  #lookAtText(text: string, type: WdlType | undefined, keys: InputKeys): void {
    if (type !== undefined && TEXTS.has(type.name)) return;
    const schemes = type?.name === 'File' ? this.#schemes : this.#guessed;
    if (!schemes.includes(schemeOf(text) ?? '')) return;
    this.found.push({ address: text, keys, form: 'path' });
  }

  #memberType(type: WdlType | undefined, key: string): WdlType | undefined {
    if (type?.name === 'Map') return type.parameters[1];
    if (type?.name === 'Pair') return type.parameters[key.toLowerCase() === 'left' ? 0 : 1];
    return type && this.#document.structs.get(type.name)?.get(key);
  }
}
