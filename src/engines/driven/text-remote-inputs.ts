import { schemeOf, WEB_SCHEMES } from '../../runs/address-scheme.ts';
import type { RunRequest } from '../../runs/run.ts';
import { inputPlaces, type RemoteInput, type RemoteInputsContext } from '../remote-inputs.ts';

/**
 * For languages whose inputs do not say which texts are files. A workflow may want an address of the web as it
 * stands, to show it or to fetch it itself; those of other kinds nothing but the service may be able to fetch.
 */
export function textRemoteInputs(
  { workflowParams = {} }: RunRequest,
  { schemes, isChosen }: RemoteInputsContext,
): readonly RemoteInput[] {
  const taken = isChosen ? schemes : schemes.filter((scheme) => !WEB_SCHEMES.includes(scheme));
  const found: RemoteInput[] = [];
  for (const { value, keys } of inputPlaces(workflowParams)) {
    if (typeof value !== 'string' || !taken.includes(schemeOf(value) ?? '')) continue;
    if (isAddress(value)) found.push({ address: value, keys, form: 'path' });
  }
  return found;
}

/** One, and no text with one in it: `s3://bucket/a,s3://bucket/b` and patterns are the workflow's own affair. */
function isAddress(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^\s,*{}]+$/i.test(text);
}
