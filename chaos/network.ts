import { startTcpProxy, throughPort, type TcpProxy } from '../test/support/tcp-proxy.ts';
import type { ChaosDatabase } from './database.ts';

type Cut = 'cut' | 'hang';

/** The ways of the service's processes to the database server, one for each: they can fail alone or all. */
export class Network {
  readonly #lines: readonly TcpProxy[];
  readonly #url: string;

  private constructor(url: string, lines: readonly TcpProxy[]) {
    this.#url = url;
    this.#lines = lines;
  }

  /** Without lines where the database is a file. */
  static async lay({ url, port }: ChaosDatabase, count: number): Promise<Network> {
    if (port === undefined) return new Network(url, []);
    const lines = Array.from({ length: count }, () => startTcpProxy(port));
    return new Network(url, await Promise.all(lines));
  }

  /** The address of the database for the process with this number. */
  urlFor(index: number): string {
    const line = this.#lines[index];
    return line === undefined ? this.#url : throughPort(this.#url, line.port);
  }

  /** One line, or with the highest choices all of them; gives what ends it, undefined when there is nothing to cut. */
  break(how: Cut, choice: number): (() => void) | undefined {
    if (this.#lines.length === 0) return undefined;
    const line = this.#lines[Math.floor(choice * (this.#lines.length + 2))];
    const cut = line === undefined ? this.#lines : [line];
    for (const one of cut) one[how]();
    return () => {
      for (const one of cut) one.restore();
    };
  }

  restore(): void {
    for (const line of this.#lines) line.restore();
  }

  async close(): Promise<void> {
    await Promise.all(this.#lines.map((line) => line.close()));
  }
}
