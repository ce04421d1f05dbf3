import { ZipArchiveEntry, ZipArchiveOutputStream } from 'compress-commons';
import { PassThrough, pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { exactly } from '../bytes/exactly.ts';
import { entryName } from './entry-name.ts';

export interface ZipEntry {
  /** Relative POSIX path within the archive. */
  readonly name: string;
  /** Of the content, where it is known before; then content of another length breaks the archive off. */
  readonly sizeBytes?: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  open(): Promise<Readable>;
}

/** A regular file that its owner may write. */
const FILE_MODE = 0o100644;
/** Method 0 of the format: the bytes as they are. */
const STORED = 0;

/**
 * An archive of any size as a stream. One entry is open at a time, and nothing is compressed: what
 * workflows make is mostly compressed already, and storing takes a small part of the processor's time.
 * An entry that can't be read ends the stream with an error, before the directory at the archive's end:
 * no program takes the rest for a whole archive.
 */
export function zipStream(entries: AsyncIterable<ZipEntry>): Readable {
  const zip = new ZipArchiveOutputStream();
  const stream = new PassThrough();
  let open: Readable | undefined;
  // Either end that breaks ends the other; what is read at that moment is closed.
  pipeline(zip, stream, () => open?.destroy());
  const append = promisify(zip.entry.bind(zip));
  const addAll = async (): Promise<void> => {
    for await (const entry of entries) {
      open = await entry.open();
      if (stream.destroyed) throw new Error('the reader of the archive left');
      await append(new StoredEntry(entry), contentOf(entry, open));
    }
    zip.finish();
  };
  addAll().catch((error: unknown) => {
    open?.destroy();
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return stream;
}

function contentOf({ sizeBytes }: ZipEntry, source: Readable): Readable {
  return sizeBytes === undefined
    ? source
    : Readable.from(exactly(sizeBytes, source), { objectMode: false });
}

class StoredEntry extends ZipArchiveEntry {
  constructor({ name, modifiedAt }: ZipEntry) {
    super(entryName(name));
    this.setTime(new Date(modifiedAt));
    this.setUnixMode(FILE_MODE);
    this.setMethod(STORED);
  }

  /** As it is: storage has refused what is no name, and `chr1:5.txt` is none on a drive `chr1`. */
  override setName(name: string): void {
    this.getGeneralPurposeBit().useUTF8ForNames(true);
    this.name = name;
  }
}
