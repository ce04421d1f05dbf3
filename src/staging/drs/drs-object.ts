import { readChecksums } from '../checksums.ts';
import { FetchError, type Checksum } from '../protocol.ts';
import { isJsonObject, type JsonObject } from '../read-answer.ts';

/** What is needed of a DrsObject of DRS 1.0 to 1.5. */
export interface DrsObject {
  readonly sizeBytes?: number;
  readonly name?: string;
  readonly checksums: readonly Checksum[];
  /** Those that can be used, the best first. */
  readonly methods: readonly DrsMethod[];
}

export interface DrsMethod {
  readonly type: UsableType;
  readonly access: DrsAccess | { readonly accessId: string };
}

export interface DrsAccess {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const USABLE_TYPES = ['https', 's3', 'gs', 'ftp'] as const;
type UsableType = (typeof USABLE_TYPES)[number];

/** @throws FetchError for a bundle, and for what has no usable method */
export function readDrsObject(object: JsonObject): DrsObject {
  if (Array.isArray(object.contents) && object.contents.length > 0) {
    throw new FetchError(
      'it is a bundle of several objects: name each of them by an address of its own',
      false,
    );
  }
  const all = Array.isArray(object.access_methods)
    ? object.access_methods.filter(isJsonObject)
    : [];
  const methods = USABLE_TYPES.flatMap((type) => all.flatMap((method) => readMethod(method, type)));
  if (methods.length === 0) throw noMethod(all);
  return {
    methods,
    checksums: readChecksums(object.checksums),
    ...(Number.isSafeInteger(object.size) && { sizeBytes: Number(object.size) }),
    ...(typeof object.name === 'string' && object.name !== '' && { name: object.name }),
  };
}

function readMethod(method: JsonObject, type: UsableType): readonly DrsMethod[] {
  if (method.type !== type) return [];
  const access = readAccess(method.access_url);
  if (access !== undefined) return [{ type, access }];
  const { access_id: accessId } = method;
  const hasId = typeof accessId === 'string' && accessId !== '';
  return hasId ? [{ type, access: { accessId } }] : [];
}

/** An AccessURL: `{"url": …, "headers": ["Name: value"]}`. */
export function readAccess(value: unknown): DrsAccess | undefined {
  if (!isJsonObject(value) || typeof value.url !== 'string' || value.url === '') return undefined;
  const lines = Array.isArray(value.headers) ? value.headers : [];
  const headers = lines.flatMap((line) => {
    const [, name, text] = /^\s*([\w-]+)\s*:\s*([^\r\n]*)$/.exec(String(line)) ?? [];
    return name === undefined || text === undefined ? [] : [[name.toLowerCase(), text.trim()]];
  });
  return { url: value.url, headers: Object.fromEntries(headers) as Record<string, string> }; // of pairs
}

function noMethod(all: readonly JsonObject[]): FetchError {
  const types = [...new Set(all.map(({ type }) => String(type)))].join(', ');
  const offered =
    types === '' ? 'its DRS server offers no way to it' : `it is offered by ${types} only`;
  return new FetchError(`${offered}; this service reads ${USABLE_TYPES.join(', ')}`, false);
}
