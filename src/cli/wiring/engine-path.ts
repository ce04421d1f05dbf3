import { delimiter, dirname } from 'node:path';

const DEFAULT_SEARCH_PATH = '/usr/local/bin:/usr/bin:/bin';

/** Engines need a Node as well (CWL's expressions are JavaScript): ours, where there is no other. */
export function enginePath(searchPath: string | undefined): string {
  return `${searchPath ?? DEFAULT_SEARCH_PATH}${delimiter}${dirname(process.execPath)}`;
}
