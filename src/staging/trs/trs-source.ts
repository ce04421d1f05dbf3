import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import pLimit from 'p-limit';
import type { Hosts } from '../hosts.ts';
import { FetchError, type Web } from '../protocol.ts';
import { createRegistry, type Registry } from './registry.ts';
import { parseTrsAddress } from './trs-address.ts';
import { findPrimary, readTrsFiles, type TrsFile } from './trs-files.ts';
import { placeFiles } from './trs-tree.ts';

export interface TrsDeps {
  readonly web: Web;
  readonly hosts: Hosts;
  readonly maxFiles?: number;
  /** Of all files of a workflow together. */
  readonly maxBytes?: number;
}

export interface TrsSource {
  /**
   * Writes a workflow of a registry with all files beside it below `directory`, which is there and empty.
   * Asked again after a failure it begins anew.
   * @throws FetchError
   */
  stage(
    url: string,
    workflowType: string,
    directory: string,
    signal: AbortSignal,
  ): Promise<StagedWorkflow>;
}

export interface StagedWorkflow {
  /** Of the file that is run, relative to the directory. */
  readonly primary: string;
}

const MAX_FILES = 1000;
const MAX_BYTES = 64 * 1024 * 1024;
const AT_ONCE = 4;
const PRIVATE = { directory: 0o700, file: 0o600 };
const TYPES: Readonly<Record<string, string>> = { NEXTFLOW: 'NFL', SNAKEMAKE: 'SMK' };

/** GA4GH's Tool Registry Service 2: the descriptors of a version, by their paths beside each other. */
export function createTrsSource(deps: TrsDeps): TrsSource {
  return {
    stage: async (url, workflowType, directory, signal) => {
      const address = parseTrsAddress(url, deps.hosts);
      const type = typeOf(workflowType, address.descriptorType);
      const registry = createRegistry(address, deps, signal);
      const files = readTrsFiles(await registry.files(type));
      const maxFiles = deps.maxFiles ?? MAX_FILES;
      if (files.length > maxFiles) {
        throw new FetchError(`it has ${files.length} files; ${maxFiles} are allowed`, false);
      }
      const primary = findPrimary(files, address.file);
      const places = placeFiles(files.map(({ path }) => path));
      const contents = await readAll(
        registry,
        type,
        { files, primary },
        deps.maxBytes ?? MAX_BYTES,
      );
      for (const [{ path }, content] of contents) {
        await write(join(directory, places.get(path) ?? ''), content);
      }
      return { primary: places.get(runnable(primary, contents, type).path) ?? '' };
    },
  };
}

function typeOf(workflowType: string, descriptorType: string | undefined): string {
  const name = workflowType.toUpperCase();
  const type = TYPES[name] ?? name;
  const told = descriptorType?.toUpperCase();
  if (told === undefined || (TYPES[told] ?? told) === type) return type;
  throw new FetchError(
    `it is of the language ${told}, but workflow_type is ${workflowType}`,
    false,
  );
}

type Contents = ReadonlyMap<TrsFile, Buffer>;

async function readAll(
  registry: Registry,
  type: string,
  { files, primary }: { readonly files: readonly TrsFile[]; readonly primary: TrsFile },
  maxBytes: number,
): Promise<Contents> {
  const limit = pLimit(AT_ONCE);
  const contents = new Map<TrsFile, Buffer>();
  let left = maxBytes;
  async function readOne(file: TrsFile): Promise<void> {
    const content = await registry.read(type, file, left);
    if (content === undefined) {
      // Registries list files of the workflow's directory that they do not give out.
      if (file.kind === 'other' && file !== primary) return;
      throw new FetchError(`its registry lists '${file.path}', but does not have it`, false);
    }
    left -= content.length;
    if (left < 0)
      throw new FetchError(`its files have more than ${maxBytes} bytes together`, false);
    contents.set(file, content);
  }
  try {
    await Promise.all(files.map((file) => limit(readOne, file)));
  } finally {
    limit.clearQueue();
  }
  return contents;
}

/** Some registries call the configuration of a Nextflow pipeline its primary descriptor: it names the script. */
function runnable(primary: TrsFile, contents: Contents, type: string): TrsFile {
  if (type !== 'NFL' || posix.basename(primary.path) !== 'nextflow.config') return primary;
  const text = contents.get(primary)?.toString('utf8') ?? '';
  const script = /\bmainScript\s*=\s*["']([^"']+)["']/.exec(text)?.[1] ?? 'main.nf';
  const path = posix.join(posix.dirname(primary.path), script);
  const found = [...contents.keys()].find((file) => posix.normalize(file.path) === path);
  if (found !== undefined) return found;
  throw new FetchError(`its registry has no '${path}', which its nextflow.config names`, false);
}

async function write(path: string, content: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: PRIVATE.directory });
  await writeFile(path, content, { mode: PRIVATE.file });
}
