import { makeZip, predictLength } from 'client-zip';
import { Readable } from 'node:stream';
import { exactly } from '../bytes/exactly.ts';

export interface ZipEntry {
  /** Relative POSIX path within the archive. */
  readonly name: string;
  /** Of the content, where it is known before; then content of another length breaks the archive off. */
  readonly sizeBytes?: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  open(): Promise<Readable>;
}

const FILE_MODE = 0o644;

/**
 * An archive of any size as a stream. One entry is open at a time, and nothing is compressed: what
 * workflows make is mostly compressed already, and storing is bound by the disk, not by the processor.
 * An entry that can't be read ends the stream with an error, before the directory at the archive's end:
 * no program takes the rest for a whole archive.
 */
export function zipStream(entries: AsyncIterable<ZipEntry>): Readable {
  let open: Readable | undefined;
  async function* files() {
    for await (const entry of entries) {
      open = await entry.open();
      const { name, sizeBytes } = entry;
      const common = { name, lastModified: new Date(entry.modifiedAt), mode: FILE_MODE };
      if (sizeBytes === undefined) yield { ...common, input: open };
      else yield { ...common, size: sizeBytes, input: exactly(sizeBytes, open) };
    }
  }
  const stream = Readable.fromWeb(makeZip(files()));
  // A client that goes away must not leave an object open that is waiting for its storage.
  stream.once('close', () => open?.destroy());
  return stream;
}

/** How long the archive of these entries will be. */
export function zipLength(entries: readonly (ZipEntry & { readonly sizeBytes: number })[]): bigint {
  return predictLength(entries.map(({ name, sizeBytes }) => ({ name, size: sizeBytes })));
}
