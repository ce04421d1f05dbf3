import { open, stat } from 'node:fs/promises';

const TAIL_BYTES = 16 * 1024;

/** The last lines of a text file, without trailing space; empty when there is no such file. */
export async function readTail(path: string, lines: number): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const length = Math.min(size, TAIL_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
      const text = buffer.subarray(0, bytesRead).toString('utf8').trimEnd();
      return text.split('\n').slice(-lines).join('\n');
    } finally {
      await file.close();
    }
  } catch {
    return ''; // a quotation that can't be had is no reason to lose the message around it
  }
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
