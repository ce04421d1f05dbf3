import type { Terminal } from '../../terminal.ts';
import { byteCount } from '../run-display.ts';
import type { RemoteFile } from './output-files.ts';

/** Shows how a download goes on. */
export interface DownloadProgress {
  begin(files: readonly RemoteFile[]): void;
  /** So many bytes of the file are here now. */
  tell(file: RemoteFile, bytes: number): void;
  done(file: RemoteFile): void;
  end(): void;
}

const REDRAW_MS = 200;

/** One line that is drawn anew on a terminal; nothing elsewhere. */
export function createDownloadProgress(
  stream: Terminal['stderr'],
  now: () => number = () => performance.now(),
): DownloadProgress {
  const bytesOf = new Map<RemoteFile, number>();
  let files: readonly RemoteFile[] = [];
  let finished = 0;
  let total = 0;
  let here = 0;
  let drawnAt = -Infinity;
  const draw = () => {
    drawnAt = now();
    const bytes = total > 0 ? `${byteCount(here)} of ${byteCount(total)}` : byteCount(here);
    stream.write(`\r\u001b[K${finished} of ${files.length} files, ${bytes}`);
  };
  const isShown = stream.isTTY === true;
  return {
    begin: (all) => {
      files = all;
      total = all.reduce((sum, { size = 0 }) => sum + size, 0);
    },
    tell: (file, bytes) => {
      here += bytes - (bytesOf.get(file) ?? 0);
      bytesOf.set(file, bytes);
      if (isShown && now() - drawnAt >= REDRAW_MS) draw();
    },
    done: (file) => {
      bytesOf.delete(file);
      finished += 1;
      if (isShown) draw();
    },
    end: () => {
      if (isShown) stream.write('\r\u001b[K');
    },
  };
}
