import { basename, dirname } from 'node:path';
import type { RunDirectory } from '../../runs/run-directory.ts';

/**
 * What people see: paths of the service's machines say nothing to them. cwltool writes them plain,
 * as URLs and relative to where it works.
 */
export function withoutPaths(text: string, directory: RunDirectory): string {
  const own = `${basename(dirname(directory.root))}/${basename(directory.root)}`;
  const escaped = own.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const otherForms = new RegExp(`[^\\s'"]*${escaped}/(?:execution/)?`, 'g');
  return [`file://${directory.execution}/`, `${directory.execution}/`, `${directory.root}/`]
    .reduce((rest, path) => rest.replaceAll(path, ''), text)
    .replaceAll(otherForms, '');
}

/** An engine's message; cwltool writes it in columns of which the first is as wide as the paths were. */
export function engineWords(message: string, directory: RunDirectory): string {
  return withoutPaths(message, directory).replaceAll(/^ {20,}/gm, '    ');
}
