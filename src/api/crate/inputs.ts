import type { JsonObject } from '../../runs/json.ts';
import type { Attachment, Run } from '../../runs/run.ts';
import { OUTPUT_REFERENCE } from '../../runs/run.ts';
import { locateWorkflow } from '../../runs/workflow-url.ts';
import { fileId } from './ids.ts';
import { isAddress, publicAddress } from './public-address.ts';
import { slotsOf, type Slots } from './slots.ts';

/** The inputs of a run: what its request names among the attachments and in the web, and plain values. */
export function inputSlots({ request }: Run, attachments: readonly Attachment[]): Slots {
  const names = new Set(attachments.map(({ name }) => name));
  const fileAt = (text: string): string | undefined => {
    const name = [text, decoded(text)]
      .map((candidate) => candidate.replace(/^(?:\.\/)+/, ''))
      .find((candidate) => names.has(candidate));
    if (name !== undefined) return fileId('attachments', name);
    return isAddress(text) ? publicAddress(text) : undefined;
  };
  return slotsOf('input', request.workflowParams ?? {}, {
    // In CWL a file is an object, and a string is a string, even one that looks like a file's name.
    ofText: request.workflowType === 'CWL' ? () => undefined : fileAt,
    ofAddress: fileAt,
  });
}

export function outputSlots({ outputs = {}, state }: Run): Slots {
  const stored: JsonObject = state === 'COMPLETE' ? outputs : {};
  const fileAt = (text: string) =>
    text.startsWith(OUTPUT_REFERENCE)
      ? fileId('outputs', text.slice(OUTPUT_REFERENCE.length))
      : undefined;
  return slotsOf('output', stored, { ofText: fileAt, ofAddress: fileAt });
}

/** The file of the main workflow: an attachment, or one elsewhere. */
export interface WorkflowFile {
  readonly id: string;
  readonly attachment?: Attachment;
}

export function workflowFile(
  { request: { workflowUrl } }: Run,
  attachments: readonly Attachment[],
): WorkflowFile {
  const attached = attachedName(workflowUrl, attachments);
  const attachment = attachments.find(({ name }) => name === attached);
  if (attachment !== undefined) return { id: fileId('attachments', attachment.name), attachment };
  return {
    id: isAddress(workflowUrl) ? publicAddress(workflowUrl) : encodeURI(workflowUrl.toWellFormed()),
  };
}

function attachedName(workflowUrl: string, attachments: readonly Attachment[]): string | undefined {
  try {
    const names = attachments.map(({ name }) => name);
    const location = locateWorkflow(workflowUrl, names, { allowedFileRoots: [] });
    return location.kind === 'attachment' ? location.name : undefined;
  } catch {
    // It was accepted under other rules: an address of a kind that is not allowed any more.
    return undefined;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
