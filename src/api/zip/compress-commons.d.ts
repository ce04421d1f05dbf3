/** What is used of the package, which has no types of its own. */
declare module 'compress-commons' {
  import type { Transform } from 'node:stream';

  export class ZipArchiveEntry {
    constructor(name: string);
    name: string;
    getGeneralPurposeBit(): { useUTF8ForNames(isUsed: boolean): void };
    setMethod(method: number): void;
    setName(name: string): void;
    setTime(time: Date): void;
    setUnixMode(mode: number): void;
  }

  export class ZipArchiveOutputStream extends Transform {
    entry(
      entry: ZipArchiveEntry,
      source: NodeJS.ReadableStream,
      done: (error?: Error | null) => void,
    ): void;
    finish(): void;
  }
}
