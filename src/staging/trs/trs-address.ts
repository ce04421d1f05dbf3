import type { Hosts } from '../hosts.ts';
import { FetchError } from '../protocol.ts';

/** A version of a tool or workflow in a registry. */
export interface TrsAddress {
  readonly host: string;
  /** `…/tools/{id}/versions/{version}`, with both percent-encoded. */
  readonly versionUrl: string;
  /** What the address says of the language, in the words of TRS. */
  readonly descriptorType?: string;
  /** The file that is to be run, where it is not the one that the registry calls the primary one. */
  readonly file?: string;
}

/** As the registries that are in use name descriptors: `…/PLAIN_CWL/descriptor//Dockstore.cwl`. */
const DESCRIPTOR =
  /^(https?:\/\/[^?#]+\/tools\/[^/?#]+\/versions\/[^/?#]+)\/(?:PLAIN[-_])?([A-Z]+)\/descriptor(?:\/([^?#]*))?$/i;
const TRS = /^trs:\/\/([^/?#]+)\/(.*)$/i;

/** Whether a workflow is a registry's, with files beside it that only the registry tells of. */
export function isTrsAddress(url: string): boolean {
  return /^trs:/i.test(url) || DESCRIPTOR.test(url);
}

/**
 * `trs://server/id/version`, `trs://server/id/version/file`, or the address of a descriptor.
 * @throws FetchError
 */
export function parseTrsAddress(url: string, hosts: Hosts): TrsAddress {
  const [, versionUrl, descriptorType, path] = DESCRIPTOR.exec(url) ?? [];
  if (versionUrl !== undefined && descriptorType !== undefined && URL.canParse(versionUrl)) {
    const file = decoded(path ?? '').replace(/^\/+/, '');
    const { host } = new URL(versionUrl);
    const known = { host, versionUrl: hosts.based(versionUrl), descriptorType };
    return { ...known, ...(file !== '' && { file }) };
  }
  return parseTrs(url, hosts);
}

function parseTrs(url: string, hosts: Hosts): TrsAddress {
  const [, host, path = ''] = TRS.exec(url) ?? [];
  if (host === undefined || !URL.canParse(`https://${host}`)) throw malformed();
  if (path.includes('#')) throw new FetchError('in it # must be written as %23', false);
  const [id = '', version = '', ...file] = path.split('/').map((part) => decoded(part));
  if (id === '' || version === '') throw malformed();
  const tool = `/api/ga4gh/trs/v2/tools/${encodeURIComponent(id)}`;
  return {
    host,
    versionUrl: `${hosts.baseOf(host)}${tool}/versions/${encodeURIComponent(version)}`,
    ...(file.length > 0 && { file: file.join('/') }),
  };
}

function malformed(): FetchError {
  return new FetchError(
    'it has not the form trs://server/id/version, with id and version percent-encoded',
    false,
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new FetchError('it has a % that begins no character: write it as %25', false);
  }
}
