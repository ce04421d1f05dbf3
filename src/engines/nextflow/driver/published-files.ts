import {
  copyFile,
  link,
  mkdir,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { OUTPUT_REFERENCE } from '../../../runs/run.ts';
import { outputObjectPath } from '../../driven/output-object.ts';
import type { Plan } from '../plan.ts';

/** Nextflow's own, in the directory that it was launched in. */
const OWN_NAMES = /^\.nextflow/;
const MOST_LINKS = 40;
/** The name of outputs that lie in no directory. */
const NAMELESS = 'files';

/** Paths below a directory of all that are no directories, in no order; links are not followed. */
export async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
}

/**
 * Brings everything that was published into the run's outputs, as files of their own: what lies there
 * already, and what is new where the workflow was launched, as relative paths of `publishDir` lead there.
 * Then writes the output object: file by file, under the first directory of its path.
 * @throws Error for what leads outside the run
 */
export async function collectPublished(plan: Plan, before: ReadonlySet<string>): Promise<void> {
  const { execution, outputs } = plan.directory;
  const roots = await realRoots(plan);
  const launched = (await filesBelow(execution)).filter(
    (path) => !before.has(path) && !OWN_NAMES.test(path.split(sep)[0] ?? ''),
  );
  for (const path of launched) await place(join(execution, path), join(outputs, path), roots, 0);
  for (const path of await filesBelow(outputs)) {
    await place(join(outputs, path), join(outputs, path), roots, 0);
  }
  await writeOutputs(plan);
}

async function realRoots({
  directory,
  cacheDirectory,
  allowedFileRoots,
}: Plan): Promise<readonly string[]> {
  const roots = [directory.root, ...(cacheDirectory === undefined ? [] : [cacheDirectory])];
  const real = await Promise.all(
    [...roots, ...allowedFileRoots].map((root) => realpath(root).catch(() => undefined)),
  );
  return real.filter((root) => root !== undefined);
}

/** A file, or all files of a directory that a link leads to, at `target` as links to the same data or as copies. */
async function place(
  source: string,
  target: string,
  roots: readonly string[],
  depth: number,
): Promise<void> {
  const real = await realpath(source).catch(() => undefined);
  const name = target.split(sep).at(-1) ?? '';
  if (real === undefined) throw new Error(`the output '${name}' is a link to nothing`);
  if (depth > MOST_LINKS) throw new Error(`the output '${name}' is a directory within itself`);
  if (!roots.some((root) => real.startsWith(`${root}${sep}`))) {
    throw new Error(`the output '${name}' is a link that leads outside the run`);
  }
  const found = await stat(real);
  if (found.isDirectory()) {
    const names = await readdir(real);
    if (real !== target) await rm(target, { force: true });
    for (const each of names) await place(join(real, each), join(target, each), roots, depth + 1);
    return;
  }
  if (!found.isFile()) throw new Error(`the output '${name}' is not a regular file`);
  if (real !== target) await copy(real, target);
}

/** What was there before at the target was an earlier link to the same, or is outdated. */
async function copy(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const unfinished = `${target}.part`;
  await link(source, unfinished).catch(() => copyFile(source, unfinished));
  await rename(unfinished, target);
  // rename(2) does nothing between two names of one file.
  await rm(unfinished, { force: true });
}

async function writeOutputs({ directory }: Plan): Promise<void> {
  const files = (await filesBelow(directory.outputs))
    .map((path) => path.split(sep).join('/'))
    .toSorted();
  const named = new Map<string, string[]>();
  for (const path of files) {
    const slash = path.indexOf('/');
    const name = slash === -1 ? NAMELESS : path.slice(0, slash);
    const references = named.get(name) ?? [];
    references.push(`${OUTPUT_REFERENCE}${path}`);
    named.set(name, references);
  }
  const object = Object.fromEntries(named);
  const objectPath = outputObjectPath(directory);
  await writeFile(`${objectPath}.part`, JSON.stringify({ object, files }));
  await rename(`${objectPath}.part`, objectPath);
}
