import { realpath, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { OUTPUT_REFERENCE } from '../../runs/run.ts';
import type { RunDirectory } from '../../runs/run-directory.ts';
import type { EngineOutputFile } from '../engine.ts';

/** Where a driver writes the engine's output object: complete, or not at all. */
export function outputObjectPath(directory: RunDirectory): string {
  return join(directory.root, 'outputs.json');
}

/** Collects the files that an output object names: each must really lie in the run. */
export class OutputFiles {
  readonly #outputs: string;
  readonly #realRoot: string;
  readonly #files = new Map<string, EngineOutputFile>();

  private constructor(outputs: string, realRoot: string) {
    this.#outputs = outputs;
    this.#realRoot = realRoot;
  }

  static async of({ outputs, root }: RunDirectory): Promise<OutputFiles> {
    return new OutputFiles(outputs, await realpath(root));
  }

  /**
   * The path below the outputs, relative and POSIX, of an absolute one.
   * @throws Error when it lies elsewhere
   */
  relative(path: string): string {
    const inside = relative(this.#outputs, path).split(sep).join('/');
    if (inside === '..' || inside.startsWith('../')) {
      throw new Error(`output '${basename(inside)}' is not in the output directory`);
    }
    return inside;
  }

  /**
   * Takes the file at `path` below the outputs; gives what the output object says instead of its address.
   * @throws Error when it leads outside the run, as through a symbolic link, or is no regular file
   */
  async add(path: string): Promise<string> {
    const source = await realpath(join(this.#outputs, path));
    if (!source.startsWith(`${this.#realRoot}${sep}`)) {
      throw new Error(`output '${path}' is a link that leads outside the run`);
    }
    if (!(await stat(source)).isFile()) throw new Error(`output '${path}' is not a regular file`);
    this.#files.set(path, { path, source });
    return `${OUTPUT_REFERENCE}${path}`;
  }

  list(): readonly EngineOutputFile[] {
    return [...this.#files.values()];
  }
}
