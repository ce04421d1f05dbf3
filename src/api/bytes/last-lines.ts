import { buffer } from 'node:stream/consumers';
import type { Storage } from '../../storage/storage.ts';

const BLOCK_BYTES = 64 * 1024;
/** What has no line ends for so long is no text: its last lines begin here at the latest. */
const FURTHEST_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Where the last `count` lines of an object of this size begin, found by reading it backwards. */
export async function startOfLastLines(
  storage: Pick<Storage, 'get'>,
  key: string,
  sizeBytes: number,
  count: number,
): Promise<number> {
  if (count === 0) return sizeBytes;
  const furthest = Math.max(0, sizeBytes - FURTHEST_BYTES);
  let missing = count;
  for (let end = sizeBytes; end > furthest;) {
    const start = Math.max(furthest, end - BLOCK_BYTES);
    const bytes = await buffer(await storage.get(key, { start, end: end - 1 }));
    for (let at = bytes.length - 1; at >= 0; at -= 1) {
      // The line end of the last line does not begin another one.
      if (bytes[at] !== NEWLINE || start + at === sizeBytes - 1) continue;
      missing -= 1;
      if (missing === 0) return start + at + 1;
    }
    end = start;
  }
  return furthest;
}
