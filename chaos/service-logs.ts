import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceProcess } from './service-process.ts';

const LONGEST_LINE = 600;
const BEGUN = /"(api|daemon) started"/;

/** The log files of the service's processes. */
export class ServiceLogs {
  readonly #directory: string;
  readonly #processes: readonly ServiceProcess[];

  constructor(directory: string, processes: readonly ServiceProcess[]) {
    this.#directory = directory;
    this.#processes = processes;
  }

  /** Lines that name the text, in order of time, the last ones. */
  async linesWith(text: string, most: number): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { name } of this.#processes) {
      const isTelling = (line: string) => line.includes(text) && !line.includes('request answered');
      const lines = (await this.#linesOf(name)).filter(isTelling);
      found.push(...lines.map((line) => `${timeOf(line)} ${name} ${line.slice(0, LONGEST_LINE)}`));
    }
    return found.sort().slice(-most);
  }

  /** Names and ids of processes that had begun their work and then ended without being told to. */
  async crashes(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { name, endedByThemselves } of this.#processes) {
      const lines = await this.#linesOf(name);
      // At its start a process may find no database, and say so.
      const hasBegun = (pid: number) =>
        lines.some((line) => line.includes(`"pid":${pid},`) && BEGUN.test(line));
      found.push(...endedByThemselves.filter(hasBegun).map((pid) => `${name} ${pid}`));
    }
    return found;
  }

  async #linesOf(name: string): Promise<readonly string[]> {
    const log = await readFile(join(this.#directory, name), 'utf8').catch(() => '');
    return log.split('\n');
  }
}

function timeOf(line: string): string {
  return /"time":(\d+)/.exec(line)?.[1] ?? '';
}
