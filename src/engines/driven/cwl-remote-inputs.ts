import { isJsonObject } from '../../runs/json.ts';
import type { RunRequest } from '../../runs/run.ts';
import { inputPlaces, type RemoteInput, type RemoteInputsContext } from '../remote-inputs.ts';
import { schemeOf } from '../../runs/address-scheme.ts';

/** In CWL a file says that it is one: an object of class File, with its address in `location` or `path`. */
export function cwlRemoteInputs(
  { workflowParams = {} }: RunRequest,
  { schemes }: RemoteInputsContext,
): readonly RemoteInput[] {
  const found: RemoteInput[] = [];
  for (const { value, keys } of inputPlaces(workflowParams)) {
    if (!isJsonObject(value) || value['class'] !== 'File') continue;
    for (const key of ['location', 'path']) {
      const address = value[key];
      if (typeof address !== 'string' || !schemes.includes(schemeOf(address) ?? '')) continue;
      // A path would be taken for an address too, in which `#` and `?` mean something.
      found.push({ address, keys: [...keys, key], form: 'file_url' });
    }
  }
  return found;
}
