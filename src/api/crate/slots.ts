import { isJsonObject, type JsonObject, type JsonValue } from '../../runs/json.ts';
import { given, refs, type Entity } from './entity.ts';
import { localId } from './ids.ts';

/** Gives the id of the file that a text stands for; undefined when it stands for none. */
export interface FileFinder {
  /** A string among the values. */
  readonly ofText: (text: string) => string | undefined;
  /** The address of a CWL File. */
  readonly ofAddress: (address: string) => string | undefined;
}

/** The inputs or outputs of a workflow by their names, and what was in them. */
export interface Slots {
  /** FormalParameter: one for each name. */
  readonly parameters: readonly Entity[];
  /** PropertyValue: what is no file. */
  readonly values: readonly Entity[];
  /** Files → the parameters that they were in. */
  readonly files: ReadonlyMap<string, readonly string[]>;
}

/** Takes apart the object of inputs or outputs; `null` stands for no value. */
export function slotsOf(kind: 'input' | 'output', object: JsonObject, finder: FileFinder): Slots {
  const parameters: Entity[] = [];
  const values: Entity[] = [];
  const files = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(object)) {
    if (value === null) continue;
    const id = localId(kind, name);
    const content = contentOf(value, finder);
    const isFile = content.isAllFiles && content.files.length > 0;
    for (const file of content.files) {
      const known = files.get(file) ?? [];
      // What lies within a structure is not the value of the parameter.
      files.set(file, isFile && !known.includes(id) ? [...known, id] : known);
    }
    parameters.push(parameter(id, name, value, isFile ? 'File' : typeOf(value)));
    if (!isFile) values.push(propertyValue(id, name, value));
  }
  return { parameters, values, files };
}

function parameter(id: string, name: string, value: JsonValue, additionalType: string): Entity {
  return {
    '@id': id,
    '@type': 'FormalParameter',
    additionalType,
    name,
    ...(Array.isArray(value) && { multipleValues: 'True' }),
  };
}

function propertyValue(id: string, name: string, value: JsonValue): Entity {
  return {
    '@id': `${id}/value`,
    '@type': 'PropertyValue',
    exampleOfWork: { '@id': id },
    name,
    value: plainValue(value),
  };
}

/** Structures have no place in a PropertyValue: they are told as JSON. */
function plainValue(value: JsonValue): JsonValue {
  if (!Array.isArray(value)) return typeof value === 'object' ? JSON.stringify(value) : value;
  const items: readonly JsonValue[] = value;
  const isPlain = items.length > 1 && items.every((item) => typeof item !== 'object');
  return isPlain ? items : JSON.stringify(value);
}

/** A subclass of schema.org's DataType, or PropertyValue for structures. */
function typeOf(value: JsonValue): string {
  if (typeof value === 'string') return 'Text';
  if (typeof value === 'boolean') return 'Boolean';
  if (typeof value === 'number') return Number.isInteger(value) ? 'Integer' : 'Float';
  const types = Array.isArray(value) ? new Set(value.map(typeOf)) : new Set<string>();
  const [only] = types;
  return types.size === 1 && only !== undefined ? only : 'PropertyValue';
}

interface Content {
  readonly files: readonly string[];
  /** False when there is something besides files. */
  readonly isAllFiles: boolean;
}

const NOTHING: Content = { files: [], isAllFiles: false };

function contentOf(value: JsonValue, finder: FileFinder): Content {
  if (typeof value === 'string') return oneFile(finder.ofText(value));
  if (Array.isArray(value)) return together(value, finder);
  if (!isJsonObject(value)) return NOTHING;
  if (value.class === 'Directory') return together(list(value.listing), finder);
  if (value.class !== 'File') {
    return { ...together(Object.values(value), finder), isAllFiles: false };
  }
  const address = value.location ?? value.path;
  const { files } = together(list(value.secondaryFiles), finder);
  const main = typeof address === 'string' ? finder.ofAddress(address) : undefined;
  return { files: [...oneFile(main).files, ...files], isAllFiles: main !== undefined };
}

function oneFile(id: string | undefined): Content {
  return id === undefined ? NOTHING : { files: [id], isAllFiles: true };
}

function together(values: readonly JsonValue[], finder: FileFinder): Content {
  const contents = values.map((value) => contentOf(value, finder));
  return {
    files: contents.flatMap(({ files }) => files),
    isAllFiles: contents.every(({ isAllFiles }) => isAllFiles),
  };
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

/** The property of a file that was the value of these parameters. */
export function exampleOf(parameters: readonly string[] | undefined): Partial<Entity> {
  return given({ exampleOfWork: refs(parameters ?? []) });
}
