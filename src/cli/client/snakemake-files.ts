import { basename, dirname, join, resolve } from 'node:path';
import { stat } from 'node:fs/promises';
import { commonDirectory, filesBelow, isBelow } from './local-files.ts';
import type { WorkflowFiles } from './workflow-files.ts';
import { readText } from './yaml-file.ts';

/** What Snakemake's standard layout has beside a Snakefile, and in the directory that it works in. */
const BESIDE = ['rules', 'scripts', 'notebooks', 'envs', 'schemas', 'report', 'lib'];
const IN_PROJECT = ['config'];

/** A Snakefile named in another one: by `include:`, or as that of a module. */
const SNAKEFILES = /^\s*(?:include|snakefile)\s*:\s*\n?\s*["']([^"'{}]+)["']/gm;
/** Files beside the Snakefile that names them. */
const BESIDE_SNAKEFILE = /^\s*(?:script|notebook|conda)\s*:\s*\n?\s*["']([^"'{}]+)["']/gm;
/** A file of the working directory. */
const CONFIGURATIONS = /^\s*(?:configfile|pepfile)\s*:\s*["']([^"'{}]+)["']/gm;

/**
 * The Snakefiles that one includes, what they name beside them, and the folders of the standard layout. A
 * Snakefile is a program: what it computes is named with --attach.
 * @throws UsageError for an included Snakefile that can't be read
 */
export async function smkFiles(path: string): Promise<WorkflowFiles> {
  const snakefiles = new Set<string>();
  const named = new Set<string>();
  // Snakemake works where the project lies, of which `workflow/Snakefile` is a part.
  const here = dirname(path);
  const project = basename(here) === 'workflow' ? dirname(here) : here;
  const waiting = [path];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (snakefiles.has(next)) continue;
    snakefiles.add(next);
    const text = await readText(next);
    waiting.push(...addresses(text, SNAKEFILES, dirname(next)));
    for (const file of addresses(text, BESIDE_SNAKEFILE, dirname(next))) named.add(file);
    for (const file of addresses(text, CONFIGURATIONS, project)) named.add(file);
  }
  const folders = [
    ...BESIDE.map((name) => join(here, name)),
    ...IN_PROJECT.map((name) => join(project, name)),
  ];
  for (const folder of folders) if (await holdsFiles(folder)) named.add(folder);
  const files = new Set<string>();
  for (const place of named) for (const file of await presentFiles(place)) files.add(file);
  const paths = [...new Set([...snakefiles, ...files])];
  const isWithin = paths.every((each) => isBelow(each, project));
  return { paths, root: isWithin ? project : commonDirectory(paths) };
}

function addresses(text: string, pattern: RegExp, base: string): readonly string[] {
  return [...text.matchAll(pattern)]
    .map(([, address = '']) => address)
    .filter((address) => !/^[a-z][a-z0-9+.-]*:/i.test(address))
    .map((address) => resolve(base, address));
}

async function holdsFiles(folder: string): Promise<boolean> {
  return (await stat(folder).catch(() => undefined))?.isDirectory() === true;
}

/** What is not there may be made by the workflow, or have a name that is no file, as an environment's. */
async function presentFiles(place: string): Promise<readonly string[]> {
  return await filesBelow(place, 'workflow').catch(() => []);
}
