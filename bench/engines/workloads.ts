import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A workflow in one document, which both sides execute. */
export interface Workload {
  readonly name: string;
  readonly path: string;
  readonly runs: number;
  /** Runs under way at the same time. */
  readonly atOnce: number;
}

const TRIVIAL = {
  cwlVersion: 'v1.2',
  class: 'CommandLineTool',
  baseCommand: ['echo', 'hello'],
  inputs: {},
  outputs: { said: { type: 'stdout' } },
};

/** Writes, then two that count what was written, as small workflows do. */
const THREE_TASKS = {
  cwlVersion: 'v1.2',
  class: 'Workflow',
  inputs: {},
  outputs: {
    lines: { type: 'File', outputSource: 'lines/said' },
    words: { type: 'File', outputSource: 'words/said' },
  },
  steps: {
    write: { run: shell('seq 1000', false), in: {}, out: ['said'] },
    lines: { run: shell('wc -l < "$0"', true), in: { file: 'write/said' }, out: ['said'] },
    words: { run: shell('wc -w < "$0"', true), in: { file: 'write/said' }, out: ['said'] },
  },
};

function shell(script: string, takesFile: boolean) {
  return {
    class: 'CommandLineTool',
    baseCommand: ['sh', '-c', script],
    inputs: takesFile ? { file: { type: 'File', inputBinding: { position: 1 } } } : {},
    outputs: { said: { type: 'stdout' } },
  };
}

function long(seconds: number) {
  const step = (after?: string) => ({
    run: shell(`sleep ${seconds / 3}; echo done`, after !== undefined),
    in: after === undefined ? {} : { file: `${after}/said` },
    out: ['said'],
  });
  return {
    ...{ cwlVersion: 'v1.2', class: 'Workflow', inputs: {} },
    outputs: { said: { type: 'File', outputSource: 'c/said' } },
    steps: { a: step(), b: step('a'), c: step('b') },
  };
}

export async function writeWorkloads(
  directory: string,
  { runs, longSeconds, cores }: { runs: number; longSeconds: number; cores: number },
): Promise<readonly Workload[]> {
  await mkdir(directory, { recursive: true });
  const write = async (name: string, document: object): Promise<string> => {
    const path = join(directory, `${name}.cwl`);
    await writeFile(path, JSON.stringify(document));
    return path;
  };
  const trivial = await write('trivial', TRIVIAL);
  const three = await write('three-tasks', THREE_TASKS);
  const longest = await write('long', long(longSeconds));
  // More than there are cores: while one run waits for a commit, or a client looks away, others go on.
  const many = 4 * cores;
  return [
    { name: 'trivial, one by one', path: trivial, runs, atOnce: 1 },
    { name: `trivial, ${cores} at once`, path: trivial, runs: runs * cores, atOnce: cores },
    { name: `trivial, ${many} at once`, path: trivial, runs: runs * cores, atOnce: many },
    { name: 'three tasks, one by one', path: three, runs, atOnce: 1 },
    { name: `three tasks, ${cores} at once`, path: three, runs: runs * cores, atOnce: cores },
    { name: `three tasks of ${longSeconds} s in all`, path: longest, runs: 1, atOnce: 1 },
  ];
}
