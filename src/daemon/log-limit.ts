import type { DaemonSettings } from './daemon-deps.ts';

/** So much of the end of a log is kept beyond the limit; less where the limit itself is small. */
const LONGEST_END_BYTES = 1024 * 1024;
const PART_OF_LIMIT = 4;

/** A piece of what is kept of a log: bytes of its file, or words of ours between them. */
export type KeptPiece = { readonly from: number; readonly to: number } | { readonly words: Buffer };

/**
 * What is kept of a log file of this size, piece by piece: all of it up to the limit, a mark there as
 * soon as it is certain that something will be missing, and the end when nothing is written any more.
 * Nothing else is needed to go on from any place in it, so that it is the same whoever copies it, and
 * what was given before never changes.
 * @param isComplete the file does not grow any more
 */
export function keptPieces(
  sizeBytes: number,
  limitBytes: number,
  isComplete: boolean,
): readonly KeptPiece[] {
  const endBytes = Math.min(LONGEST_END_BYTES, Math.floor(limitBytes / PART_OF_LIMIT));
  if (sizeBytes <= limitBytes + endBytes) {
    return [{ from: 0, to: isComplete ? sizeBytes : Math.min(sizeBytes, limitBytes) }];
  }
  const begun = [{ from: 0, to: limitBytes }, { words: mark(limitBytes, endBytes) }];
  if (!isComplete) return begun;
  const endAt = sizeBytes - endBytes;
  const missing = words(`… ${endAt - limitBytes} bytes left out here …`);
  return [...begun, { words: missing }, { from: endAt, to: sizeBytes }];
}

/** The limit of a log's source as the settings have it; without one where 0 stands for none. */
export function limitOf({ logMaxBytes = 0 }: Pick<DaemonSettings, 'logMaxBytes'>): {
  readonly limitBytes?: number;
} {
  return logMaxBytes > 0 ? { limitBytes: logMaxBytes } : {};
}

function mark(limitBytes: number, endBytes: number): Buffer {
  return words(
    `\n… the log is larger than the ${limitBytes} bytes of LOG_MAX_SIZE: what follows is left out but for the last ${endBytes} bytes …`,
  );
}

function words(text: string): Buffer {
  return Buffer.from(`${text}\n`);
}
