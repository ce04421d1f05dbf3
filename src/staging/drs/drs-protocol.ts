import { schemeOf } from '../../runs/address-scheme.ts';
import { authorization, type Hosts } from '../hosts.ts';
import {
  FetchError,
  type Checksum,
  type Opener,
  type OpenRequest,
  type Protocol,
  type RemoteFile,
  type Web,
} from '../protocol.ts';
import type { OpenWeb } from '../open-web.ts';
import { askDrs, type Asking } from './ask-drs.ts';
import { parseDrsAddress } from './drs-address.ts';
import {
  readAccess,
  readDrsObject,
  type DrsAccess,
  type DrsMethod,
  type DrsObject,
} from './drs-object.ts';
import { createCompactResolver, type ResolveCompact } from './resolve-compact.ts';

export interface DrsDeps {
  readonly web: Web;
  readonly openWeb: OpenWeb;
  /** For the addresses of other protocols that a server names. */
  readonly open: Opener;
  readonly hosts: Hosts;
  readonly resolverUrl: string;
}

/** GA4GH's Data Repository Service: asks where an object lies, each time anew because the answer expires. */
export function createDrsProtocol(deps: DrsDeps): Protocol {
  const resolve = createCompactResolver(deps);
  return {
    schemes: ['drs'],
    open: async (address, request) => {
      const place = await locate(address, deps.hosts, resolve, request.signal);
      const headers = authorization(deps.hosts.tokenOf(place.host));
      const asking = { web: deps.web, headers, signal: request.signal };
      const { url, content } = await askDrs(place.url, asking);
      return await openFirst(url, readDrsObject(content), request, { ...deps, asking });
    },
  };
}

interface Place {
  readonly host: string;
  readonly url: string;
}

async function locate(
  address: string,
  hosts: Hosts,
  resolve: ResolveCompact,
  signal: AbortSignal,
): Promise<Place> {
  const parsed = parseDrsAddress(address);
  if (parsed.kind === 'host') {
    const path = `/ga4gh/drs/v1/objects/${encodeURIComponent(parsed.id)}`;
    return { host: parsed.host, url: hosts.baseOf(parsed.host) + path };
  }
  const url = await resolve(parsed.prefix, parsed.accession, signal);
  return { host: new URL(url).host, url: hosts.based(url) };
}

interface Opening extends Pick<DrsDeps, 'open' | 'openWeb'> {
  readonly asking: Asking;
}

/** By the first method that works. What may work later is not given up for another one. */
async function openFirst(
  objectUrl: string,
  object: DrsObject,
  request: OpenRequest,
  opening: Opening,
): Promise<RemoteFile> {
  const failures: string[] = [];
  for (const method of object.methods) {
    try {
      return described(await openMethod(objectUrl, method, request, opening), object);
    } catch (error) {
      if (!(error instanceof FetchError) || error.isPassing) throw error;
      failures.push(
        object.methods.length === 1 ? error.message : `${method.type}: ${error.message}`,
      );
    }
  }
  throw new FetchError(failures.join('; '), false);
}

interface OpenedFile extends RemoteFile {
  readonly lastPart?: string;
}

async function openMethod(
  objectUrl: string,
  { access }: DrsMethod,
  request: OpenRequest,
  { open, openWeb, asking }: Opening,
): Promise<OpenedFile> {
  const { url, headers } =
    'url' in access ? access : await askAccess(objectUrl, access.accessId, asking);
  const scheme = schemeOf(url);
  const isWeb = scheme === 'http' || scheme === 'https';
  if (!isWeb && !['s3', 'gs', 'ftp'].includes(scheme ?? '')) {
    throw new FetchError('its DRS server names a place of which this service does not read', false);
  }
  const file = isWeb ? await openWeb(url, request, headers) : await open(url, request);
  const lastPart = isWeb ? new URL(url).pathname.split('/').at(-1) : url.split('/').at(-1);
  return { ...file, ...(lastPart ? { lastPart } : {}) };
}

async function askAccess(objectUrl: string, accessId: string, asking: Asking): Promise<DrsAccess> {
  const answer = await askDrs(`${objectUrl}/access/${encodeURIComponent(accessId)}`, asking);
  const access = readAccess(answer.content);
  if (access === undefined) throw new FetchError('its DRS server gave no address for it', false);
  return access;
}

/** What both say of it: that of the DRS server holds wherever the file lies. */
function described({ lastPart, ...file }: OpenedFile, object: DrsObject): RemoteFile {
  const sizeBytes = object.sizeBytes ?? file.sizeBytes;
  if (file.sizeBytes !== undefined && sizeBytes !== file.sizeBytes) {
    file.body.destroy();
    throw new FetchError(
      `it has ${file.sizeBytes} bytes, but by its DRS server ${sizeBytes}`,
      false,
    );
  }
  const name = object.name ?? file.name ?? lastPart;
  return {
    ...file,
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(name !== undefined && { name }),
    checksums: merged(object.checksums, file.checksums),
  };
}

function merged(first: readonly Checksum[], second: readonly Checksum[]): readonly Checksum[] {
  const isNew = ({ algorithm, hex }: Checksum) =>
    !first.some((other) => other.algorithm === algorithm && other.hex === hex);
  return [...first, ...second.filter(isNew)];
}
