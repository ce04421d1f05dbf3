import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { UsageError } from '../exit-codes.ts';

/** @throws UsageError that names the file when it can't be read. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} can't be read: ${String(error)}`, { cause: error });
  }
}

/** YAML or JSON. @throws UsageError that names the source and the place of the mistake. */
export function parseYaml(text: string, source: string): unknown {
  try {
    // CWL documents are YAML 1.2 with the merge keys of 1.1, as its reference implementation reads them.
    return parse(text, { merge: true, logLevel: 'error' });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${source} is neither YAML nor JSON: ${problem}`, { cause: error });
  }
}
