import { close, open, read } from 'node:fs';
import { promisify } from 'node:util';

const openFile = promisify(open);
const readInto = promisify(read);
const closeFile = promisify(close);

const FIRST_BYTES = 8 * 1024;

/** Buffers that are in nobody's hands: scans read hundreds of these files. */
const free: Buffer[] = [];

/**
 * The text of a file of /proc. Those have no size, for which `readFile` takes much more memory and
 * asks more often.
 * @throws Error as from open(2) and read(2), also when the process ended meanwhile
 */
export async function readProc(path: string, encoding: BufferEncoding): Promise<string> {
  const file = await openFile(path, 'r');
  let buffer = free.pop() ?? Buffer.allocUnsafe(FIRST_BYTES);
  try {
    let length = 0;
    for (;;) {
      const { bytesRead } = await readInto(file, buffer, length, buffer.length - length, length);
      if (bytesRead === 0) return buffer.toString(encoding, 0, length);
      length += bytesRead;
      if (length === buffer.length) buffer = Buffer.concat([buffer, buffer]);
    }
  } finally {
    free.push(buffer);
    await closeFile(file);
  }
}
