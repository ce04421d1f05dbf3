import { pathToFileURL } from 'node:url';
import { isJsonObject, type JsonObject, type JsonValue } from '../runs/json.ts';
import type { RunRequest } from '../runs/run.ts';

/** An address in a request whose file is to lie on the machine before the engine starts. */
export interface RemoteInput {
  readonly address: string;
  /** What leads to it from `workflow_params`. */
  readonly keys: InputKeys;
  /** How the engine wants a file of the machine to be named. */
  readonly form: 'path' | 'file_url';
}

export type InputKeys = readonly (string | number)[];

export interface RemoteInputsContext {
  /** Of the addresses that the service fetches; lower case. */
  readonly schemes: readonly string[];
  /** Whether the run itself asked for these schemes. */
  readonly isChosen: boolean;
  /** Text of the workflow's document, where it is on the machine. */
  readonly document?: string;
}

export interface InputPlace {
  readonly value: JsonValue;
  readonly keys: InputKeys;
}

/** Every value within the inputs, those that hold others before these, in the order of the text. */
export function* inputPlaces(inputs: JsonObject): Generator<InputPlace> {
  // A stack instead of recursion: the nesting is the client's choice.
  const pending: InputPlace[] = [{ value: inputs, keys: [] }];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const { keys } = place;
    yield place;
    const inner = entriesOf(place.value).map(([key, value]) => ({ value, keys: [...keys, key] }));
    pending.push(...inner.reverse());
  }
}

function entriesOf(value: JsonValue): readonly (readonly [string | number, JsonValue])[] {
  if (isJsonObject(value)) return Object.entries<JsonValue>(value);
  // isArray does not narrow a union with readonly arrays
  return Array.isArray(value) ? [...(value as readonly JsonValue[]).entries()] : [];
}

/** As messages name it: `workflow_params.reads[0].location`. */
export function inputField(keys: InputKeys): string {
  const names = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`));
  return `workflow_params${names.join('')}`;
}

/** The request with paths of the machine in the place of addresses; `pathOf` gives the absolute one. */
export function withLocalInputs(
  request: RunRequest,
  inputs: readonly RemoteInput[],
  pathOf: (input: RemoteInput) => string,
): RunRequest {
  if (inputs.length === 0) return request;
  // What came as JSON has nothing that the copy would lose.
  const workflowParams = structuredClone(request.workflowParams ?? {});
  for (const input of inputs) {
    const path = pathOf(input);
    const text = input.form === 'path' ? path : pathToFileURL(path).href;
    replaceAt(workflowParams, input.keys, text);
  }
  return { ...request, workflowParams };
}

function replaceAt(root: JsonObject, keys: InputKeys, text: string): void {
  // Of the copy made above, which nobody else has.
  let holder = root as unknown as Record<string | number, unknown>;
  for (const key of keys.slice(0, -1)) holder = holder[key] as Record<string | number, unknown>;
  const last = keys.at(-1);
  // defineProperty, because a key may be __proto__
  if (last !== undefined) Object.defineProperty(holder, last, { value: text, ...PLAIN });
}

const PLAIN = { enumerable: true, configurable: true, writable: true };
