import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { filesBelow } from './local-files.ts';
import type { WorkflowFiles } from './workflow-files.ts';
import { readText } from './yaml-file.ts';

/** What Nextflow itself looks for beside the script of a workflow. */
const BESIDE_WORKFLOW = ['nextflow.config', 'nextflow_schema.json', 'bin', 'lib', 'templates'];
/** And beside a module. */
const BESIDE_MODULE = ['templates', 'resources'];

const INCLUDES = /^\s*include\s*\{[^}]*\}\s*from\s+["']([^"'$]+)["']/gm;
const CONFIGURATIONS = /\bincludeConfig\s*\(?\s*["']([^"'$]+)["']/g;
/** `"$projectDir/assets/x.txt"`; what is computed after that can't be known here. */
const IN_PROJECT = /\$\{?(?:projectDir|baseDir)\}?\/([\w./-]*\w)/g;

/**
 * A Nextflow script with the modules that it includes, the configuration beside it and what these name in
 * the project's directory. @throws UsageError for a module that is missing.
 */
export async function nextflowFiles(path: string): Promise<WorkflowFiles> {
  const project = dirname(path);
  const files = new Set<string>();
  const waiting = [path];
  const addIfThere = async (target: string): Promise<void> => {
    if (!existsSync(target)) return;
    for (const file of await filesBelow(target, path)) {
      if (!isText(file)) files.add(file);
      else if (!files.has(file)) waiting.push(file);
    }
  };
  for (const name of BESIDE_WORKFLOW) await addIfThere(join(project, name));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (files.has(next)) continue;
    files.add(next);
    const text = await readText(next);
    const place = dirname(next);
    for (const address of matches(text, INCLUDES)) {
      // `plugin/…` is none of this machine's; all others begin with a dot or a slash.
      if (/^[./]/.test(address)) waiting.push(moduleFile(resolve(place, address)));
    }
    for (const address of matches(text, CONFIGURATIONS)) await addIfThere(resolve(place, address));
    for (const address of matches(text, IN_PROJECT)) await addIfThere(join(project, address));
    if (next.endsWith('.nf')) {
      for (const name of BESIDE_MODULE) await addIfThere(join(place, name));
    }
  }
  files.delete(path);
  return { paths: [path, ...files] };
}

/** What may name further files: scripts and configurations. */
function isText(path: string): boolean {
  return path.endsWith('.nf') || path.endsWith('.config');
}

/** A module is named with or without its extension, or by the directory that holds its `main.nf`. */
function moduleFile(path: string): string {
  if (existsSync(path) && statSync(path).isDirectory()) return join(path, 'main.nf');
  return path.endsWith('.nf') ? path : `${path}.nf`;
}

function matches(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, address = '']) => address);
}
