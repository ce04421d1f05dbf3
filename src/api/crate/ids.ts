import { entryName } from '../zip/entry-name.ts';

/*
 * The `@id`s of a crate. Those of files are relative addresses below the crate, which are the same within
 * the archive; RO-Crate 1.1 wants them percent-encoded. Each kind has a folder of its own: an attachment
 * and an output may have the same name.
 */
export const METADATA_FILE = 'ro-crate-metadata.json';
export const ROOT = './';

export const FOLDERS = { attachments: 'attachments/', outputs: 'outputs/', logs: 'logs/' } as const;

export function fileId(kind: keyof typeof FOLDERS, path: string): string {
  return `${FOLDERS[kind]}${entryName(path).split('/').map(encoded).join('/')}`;
}

/** Of what is no file: a node within the document. */
export function localId(kind: string, name: string): string {
  return `#${kind}/${encoded(name)}`;
}

/** The run itself, wherever its crate lies. */
export function runActionId(runId: string): string {
  return `urn:uuid:${runId}`;
}

export const taskActionId = (taskId: string): string => localId('task', taskId);
export const stepId = (taskId: string): string => localId('step', taskId);
export const stepActionId = (taskId: string): string => localId('step-run', taskId);

/** A lone surrogate has no UTF-8 form. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
