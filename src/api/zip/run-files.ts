import { Readable } from 'node:stream';
import type { Attachment, OutputFile } from '../../runs/run.ts';
import { attachmentKey, outputKey, type AttemptOfRun } from '../../runs/storage-keys.ts';
import type { Storage } from '../../storage/storage.ts';
import type { ZipEntry } from './zip-stream.ts';

/** An output file as an entry of an archive, below `folder`. */
export function outputEntry(
  storage: Pick<Storage, 'get'>,
  run: AttemptOfRun & { readonly endedAt?: number },
  { path, sizeBytes }: OutputFile,
  folder = '',
): ZipEntry {
  return {
    name: `${folder}${path}`,
    sizeBytes,
    modifiedAt: run.endedAt ?? 0,
    open: () => storage.get(outputKey(run, path)),
  };
}

export function attachmentEntry(
  storage: Pick<Storage, 'get'>,
  run: { readonly runId: string; readonly createdAt: number },
  { name, sizeBytes }: Attachment,
  folder: string,
): ZipEntry {
  return {
    name: `${folder}${name}`,
    sizeBytes,
    modifiedAt: run.createdAt,
    open: () => storage.get(attachmentKey(run.runId, name)),
  };
}

/** A log of a run that has ended: what was there when it was listed, and no byte more. */
export function logEntry(
  storage: Pick<Storage, 'get'>,
  log: {
    readonly key: string;
    readonly path: string;
    readonly sizeBytes: number;
    readonly modifiedAt: number;
  },
  folder: string,
): ZipEntry {
  const { key, path, sizeBytes, modifiedAt } = log;
  const open = async () =>
    sizeBytes === 0 ? Readable.from([]) : storage.get(key, { start: 0, end: sizeBytes - 1 });
  return { name: `${folder}${path}`, sizeBytes, modifiedAt, open };
}
