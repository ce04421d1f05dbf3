import { isJsonObject } from '../../../runs/json.ts';
import { eachPage, type WesClient } from '../../../wes/client.ts';

/** A file that a run produced and that can be fetched. */
export interface RemoteFile {
  /** Where it belongs below the run's outputs: a relative POSIX path, as the server tells it. */
  readonly path: string;
  readonly address: string;
  /** In bytes, when the server told it. */
  readonly size?: number;
  /** `sha256:<hex>`, or CWL's `sha1$<hex>`, when the server told it. */
  readonly checksum?: string;
}

const PAGE_SIZE = 1000;

/** The files of a run: from the server's own list of them, else those that the outputs name. */
export async function outputFiles(
  client: WesClient,
  runId: string,
): Promise<readonly RemoteFile[]> {
  if ((await client.listOutputs(runId, { pageSize: 1 })) === undefined) {
    return filesInOutputs((await client.getRunLog(runId)).outputs, runId);
  }
  const pages = eachPage(async (pageToken) => {
    const page = await client.listOutputs(runId, { pageSize: PAGE_SIZE, pageToken });
    return page ?? { items: [], nextPageToken: undefined };
  });
  const files: RemoteFile[] = [];
  for await (const page of pages) {
    files.push(...page.map(({ url, ...file }) => ({ ...file, address: url })));
  }
  return files;
}

/**
 * File and Directory values of a CWL outputs object. Of other languages' outputs, strings that are
 * addresses below this run.
 */
function filesInOutputs(outputs: unknown, runId: string): readonly RemoteFile[] {
  const byAddress = new Map<string, RemoteFile>();
  for (const file of walk(outputs, '', runId)) byAddress.set(file.address, file);
  return withOwnNames([...byAddress.values()]);
}

/** Files of one name, as those of a scattered step, have a number behind it from the second on. */
function withOwnNames(files: readonly RemoteFile[]): readonly RemoteFile[] {
  const taken = new Set<string>();
  return files.map((file) => {
    const [, stem = '', extension = ''] = /^(.*?[^/])((?:\.[^./]+)*)$/s.exec(file.path) ?? [];
    let path = file.path;
    for (let number = 2; taken.has(path); number += 1) path = `${stem}_${number}${extension}`;
    taken.add(path);
    return { ...file, path };
  });
}

function walk(value: unknown, folder: string, runId: string): readonly RemoteFile[] {
  if (typeof value === 'string') return plainAddress(value, runId);
  if (Array.isArray(value)) return value.flatMap((item) => walk(item, folder, runId));
  if (!isJsonObject(value)) return [];
  if (value.class === 'File') return [...cwlFile(value, folder), ...besides(value, folder, runId)];
  if (value.class === 'Directory') {
    const name = typeof value.basename === 'string' ? value.basename : 'directory';
    return walk(value.listing, `${folder}${name}/`, runId);
  }
  return Object.values(value).flatMap((item) => walk(item, folder, runId));
}

function besides(
  file: Readonly<Record<string, unknown>>,
  folder: string,
  runId: string,
): readonly RemoteFile[] {
  return walk(file.secondaryFiles, folder, runId);
}

function cwlFile(file: Readonly<Record<string, unknown>>, folder: string): readonly RemoteFile[] {
  const { location, basename, size, checksum } = file;
  if (typeof location !== 'string') return [];
  const name = typeof basename === 'string' ? basename : lastSegment(location);
  return [
    {
      path: folder + name,
      address: location,
      ...(typeof size === 'number' ? { size } : {}),
      ...(typeof checksum === 'string' ? { checksum } : {}),
    },
  ];
}

function plainAddress(value: string, runId: string): readonly RemoteFile[] {
  const isOfRun = /^https?:\/\/\S+$/i.test(value) && value.includes(`/${runId}/`);
  return isOfRun ? [{ path: lastSegment(value), address: value }] : [];
}

function lastSegment(address: string): string {
  const path = address.split(/[?#]/)[0] ?? '';
  const segment = path.replace(/\/+$/, '').split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
