import { isJsonObject } from '../../runs/json.ts';

/** A file that a CWL document names by a relative address. */
export interface CwlReference {
  /** As written, without the fragment. */
  readonly address: string;
  /** A `document` is CWL itself and names further files. */
  readonly kind: 'document' | 'file' | 'directory';
}

/**
 * The local files that a CWL document refers to: `run`, `$import`, `$include`, `$mixin`, `$schemas`,
 * and the addresses of File and Directory values (CWL v1.2, "Document preprocessing" and "File").
 */
export function cwlReferences(document: unknown): readonly CwlReference[] {
  if (Array.isArray(document)) return document.flatMap((item) => cwlReferences(item));
  if (!isJsonObject(document)) return [];
  const own = [
    ...documentReferences(document),
    ...schemaReferences(document.$schemas),
    ...valueReferences(document),
  ];
  const nested = Object.values(document).flatMap((value) => cwlReferences(value));
  return [...own, ...nested];
}

function documentReferences(object: Readonly<Record<string, unknown>>): readonly CwlReference[] {
  // An input may be called `run` as well; only a step has `in` and `out` beside it.
  const isStep = 'in' in object && 'out' in object;
  return [
    ...local(isStep ? object.run : undefined, 'document'),
    ...local(object.$import, 'document'),
    ...local(object.$mixin, 'document'),
    ...local(object.$include, 'file'),
  ];
}

function schemaReferences(schemas: unknown): readonly CwlReference[] {
  return Array.isArray(schemas) ? schemas.flatMap((schema) => local(schema, 'file')) : [];
}

function valueReferences(object: Readonly<Record<string, unknown>>): readonly CwlReference[] {
  if (object.class !== 'File' && object.class !== 'Directory') return [];
  return local(object.location ?? object.path, object.class === 'File' ? 'file' : 'directory');
}

function local(address: unknown, kind: CwlReference['kind']): readonly CwlReference[] {
  if (typeof address !== 'string' || !isLocalAddress(address)) return [];
  const [path = ''] = address.split('#');
  return path === '' ? [] : [{ address: path, kind }];
}

/** Neither on another machine nor computed when the workflow runs. */
export function isLocalAddress(address: string): boolean {
  if (address.includes('$(') || address.includes('${')) return false;
  return !/^[a-z][a-z0-9+.-]*:/i.test(address) || address.startsWith('file:');
}
