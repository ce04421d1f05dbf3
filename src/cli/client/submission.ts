import { basename, dirname, isAbsolute, normalize, resolve } from 'node:path';
import { isJsonObject, type JsonObject } from '../../runs/json.ts';
import { UsageError } from '../exit-codes.ts';
import { locateInputs, nameInputs } from './cwl-inputs.ts';
import { commonDirectory, filesBelow, isBelow, nameBelow } from './local-files.ts';
import { nextflowFiles } from './nextflow-files.ts';
import { smkFiles } from './snakemake-files.ts';
import { cwlFiles, wdlFiles, type WorkflowFiles } from './workflow-files.ts';
import { detectLanguage, languageByName, type WorkflowLanguage } from './workflow-type.ts';
import { parseYaml, readText } from './yaml-file.ts';

export interface SubmissionSources {
  /** A path, with `#fragment` where wanted, or a URL. */
  readonly workflow: string;
  /** A path, or the object itself as JSON. */
  readonly inputs?: string | undefined;
  /** `PATH` or `PATH=NAME`. */
  readonly attach: readonly string[];
  readonly workingDirectory: string;
  readonly type?: string | undefined;
}

/** What is to be sent: names of attachments with the absolute paths of their files. */
export interface Submission {
  readonly workflowUrl: string;
  readonly language: WorkflowLanguage | undefined;
  readonly params: JsonObject;
  readonly attachments: ReadonlyMap<string, string>;
}

/**
 * Finds everything that has to go with a workflow. Files of the workflow keep their places relative to
 * each other; files named by the inputs keep theirs when they lie among the workflow's, and go below
 * `inputs/` when they lie elsewhere, so that no path of this machine is told.
 * @throws UsageError for what does not exist or can't be parsed.
 */
export async function planSubmission(sources: SubmissionSources): Promise<Submission> {
  const isRemote = /^[a-z][a-z0-9+.-]*:\/\//i.test(sources.workflow);
  const [path = '', ...fragment] = sources.workflow.split('#');
  const main = resolve(sources.workingDirectory, path);
  const language = isRemote ? languageByName(new URL(sources.workflow).pathname) : await read(main);
  const type = (sources.type ?? language?.type)?.toUpperCase();
  const workflow: WorkflowFiles = isRemote ? { paths: [] } : await workflowFiles(main, type);
  const root = isRemote ? undefined : (workflow.root ?? commonDirectory(workflow.paths));

  const names = new AttachmentNames();
  if (root !== undefined) for (const each of workflow.paths) names.add(nameBelow(each, root), each);
  const params = await placeInputs(sources, type, workflow.document, root, names);
  for (const spec of sources.attach) await placeAttachment(spec, sources, root, names);

  const mainName = root === undefined ? sources.workflow : nameBelow(main, root);
  const workflowUrl = isRemote ? mainName : [mainName, ...fragment].join('#');
  return { workflowUrl, language, params, attachments: names.paths() };
}

async function read(main: string): Promise<WorkflowLanguage | undefined> {
  return detectLanguage(main, await readText(main));
}

async function workflowFiles(main: string, type: string | undefined): Promise<WorkflowFiles> {
  if (type === 'CWL') return await cwlFiles(main);
  if (type === 'WDL') return await wdlFiles(main);
  if (type === 'NFL' || type === 'NEXTFLOW') return await nextflowFiles(main);
  if (type === 'SMK') return await smkFiles(main);
  return { paths: [main] };
}

async function placeInputs(
  sources: SubmissionSources,
  type: string | undefined,
  workflow: unknown,
  root: string | undefined,
  names: AttachmentNames,
): Promise<JsonObject> {
  const { params, base } = await readInputs(sources);
  // Other languages mark files in the workflow only: theirs are named with --attach.
  if (type !== 'CWL') return params;
  const located = await locateInputs(params, base, workflow);
  const among = (path: string) => root !== undefined && isBelow(path, root);
  const elsewhereRoot = commonDirectory(located.targets.filter((path) => !among(path)));
  const folder = names.freeFolder('inputs');
  const nameOf = (path: string) =>
    root !== undefined && among(path)
      ? nameBelow(path, root)
      : `${folder}/${nameBelow(path, elsewhereRoot)}`;
  for (const path of located.paths) names.add(nameOf(path), path);
  return nameInputs(located.params, nameOf);
}

async function readInputs(
  sources: SubmissionSources,
): Promise<{ readonly params: JsonObject; readonly base: string }> {
  const { inputs, workingDirectory } = sources;
  if (inputs === undefined) return { params: {}, base: workingDirectory };
  const isLiteral = inputs.trimStart().startsWith('{');
  const file = resolve(workingDirectory, inputs);
  const source = isLiteral ? '--inputs' : inputs;
  const params = parseYaml(isLiteral ? inputs : await readText(file), source) ?? {};
  if (!isJsonObject(params)) throw new UsageError(`${source} must hold an object of inputs`);
  return { params, base: isLiteral ? workingDirectory : dirname(file) };
}

async function placeAttachment(
  spec: string,
  sources: SubmissionSources,
  root: string | undefined,
  names: AttachmentNames,
): Promise<void> {
  const [typed, wanted] = splitSpec(spec);
  const path = resolve(sources.workingDirectory, typed);
  const name = wanted ?? defaultName(typed, path, root);
  for (const file of await filesBelow(path, '--attach')) {
    names.add(file === path ? name : `${name}/${nameBelow(file, path)}`, file);
  }
}

function splitSpec(spec: string): readonly [string, string?] {
  const at = spec.lastIndexOf('=');
  return at === -1 ? [spec] : [spec.slice(0, at), spec.slice(at + 1)];
}

function defaultName(typed: string, path: string, root: string | undefined): string {
  if (root !== undefined && isBelow(path, root) && path !== root) return nameBelow(path, root);
  const plain = normalize(typed);
  return isAbsolute(plain) || plain.startsWith('..') || plain === '.' ? basename(path) : plain;
}

/** Attachments by name; two files can't have one name. */
class AttachmentNames {
  readonly #paths = new Map<string, string>();

  add(name: string, path: string): void {
    const earlier = this.#paths.get(name);
    if (earlier !== undefined && earlier !== path) {
      const remedy = 'give one of them another name with --attach PATH=NAME';
      throw new UsageError(`${earlier} and ${path} would both be attached as "${name}": ${remedy}`);
    }
    this.#paths.set(name, path);
  }

  /** `folder`, or with a number when attachments are below that already. */
  freeFolder(folder: string): string {
    const taken = (candidate: string) =>
      [...this.#paths.keys()].some(
        (name) => name === candidate || name.startsWith(`${candidate}/`),
      );
    if (!taken(folder)) return folder;
    let number = 2;
    while (taken(`${folder}-${number}`)) number += 1;
    return `${folder}-${number}`;
  }

  paths(): ReadonlyMap<string, string> {
    return this.#paths;
  }
}
