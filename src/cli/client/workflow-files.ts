import { dirname, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { cwlReferences, type CwlReference } from './cwl-references.ts';
import { filesBelow, resolveAddress } from './local-files.ts';
import { parseYaml, readText } from './yaml-file.ts';

/** A workflow on this machine with all that it refers to. */
export interface WorkflowFiles {
  /** Absolute paths, the workflow's own first. */
  readonly paths: readonly string[];
  /** The parsed document of a CWL workflow. */
  readonly document?: unknown;
  /** The directory from which paths are named; that which holds them all when absent. */
  readonly root?: string;
}

/**
 * Follows a CWL document's references to their end.
 * @throws UsageError for a document that is missing or can't be parsed.
 */
export async function cwlFiles(path: string): Promise<WorkflowFiles> {
  const documents = new Map<string, unknown>();
  const files = new Set<string>();
  const waiting: { path: string; namedBy: string }[] = [{ path, namedBy: 'workflow' }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (documents.has(next.path)) continue;
    const document = parseYaml(await textOf(next.path, next.namedBy), next.path);
    documents.set(next.path, document);
    for (const reference of cwlReferences(document)) {
      const target = resolveAddress(reference.address, dirname(next.path));
      if (reference.kind === 'document') waiting.push({ path: target, namedBy: next.path });
      else for (const file of await valueFiles(reference, target, next.path)) files.add(file);
    }
  }
  return { paths: [...new Set([...documents.keys(), ...files])], document: documents.get(path) };
}

async function textOf(path: string, namedBy: string): Promise<string> {
  const [file = path] = await filesBelow(path, namedBy);
  return await readText(file);
}

/** A default that is not there is left to the engine: inputs may replace it, and often do. */
async function valueFiles(
  reference: CwlReference,
  target: string,
  namedBy: string,
): Promise<readonly string[]> {
  return existsSync(target) ? await filesBelow(target, `${namedBy} (${reference.address})`) : [];
}

/** Follows the `import` statements of a WDL document. @throws UsageError for one that is missing. */
export async function wdlFiles(path: string): Promise<WorkflowFiles> {
  const paths = new Set<string>();
  const waiting = [path];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (paths.has(next)) continue;
    paths.add(next);
    const imports = (await readText(next)).matchAll(/^\s*import\s+["']([^"']+)["']/gm);
    for (const [, address = ''] of imports) {
      if (!/^[a-z]+:/i.test(address)) waiting.push(resolve(dirname(next), address));
    }
  }
  return { paths: [...paths] };
}
