import type { OpenWeb } from './open-web.ts';
import {
  FetchError,
  type Checksum,
  type Protocol,
  type RemoteFile,
  type Web,
  type WebAnswer,
} from './protocol.ts';
import { reworded } from './reworded.ts';
import { isJsonObject, readBytes, readJsonObject, type JsonObject } from './read-answer.ts';

export interface SynapseDeps {
  readonly web: Web;
  readonly openWeb: OpenWeb;
  /** Of its REST API, without `/repo/v1`. */
  readonly url: string;
  /** A personal access token. */
  readonly token?: string;
}

const FORM = /^(?:synapse|syn):(?:\/\/)?(syn\d+)(?:\.(\d+))?\/?$/i;
const FILE_ENTITY = 'org.sagebionetworks.repo.model.FileEntity';

/** Files of Sage Bionetworks' Synapse: `synapse://syn123` or `syn://syn123.4`, with a version. */
export function createSynapseProtocol(deps: SynapseDeps): Protocol {
  return {
    schemes: ['synapse', 'syn'],
    open: async (address, request) => {
      const { id, version } = parseSynapseAddress(address);
      if (deps.token === undefined) {
        throw new FetchError('the service has no token for Synapse (STAGING_SYNAPSE_TOKEN)', false);
      }
      const ask = asker(deps, deps.token, id, request.signal);
      const entity = await readJsonObject(await ask(versioned(id, version)), 'Synapse');
      // Of one version, whatever happens meanwhile.
      const path = versioned(id, versionOf(entity) ?? version);
      const handle = await findHandle(ask, path, handleIdOf(entity, id));
      const url = await placeOf(ask, path);
      return described(await deps.openWeb(url, request), entity, handle);
    },
  };
}

function parseSynapseAddress(address: string): { readonly id: string; readonly version?: string } {
  const [, id, version] = FORM.exec(address) ?? [];
  if (id === undefined) {
    throw new FetchError('it has not the form synapse://syn123 or synapse://syn123.4', false);
  }
  return { id: id.toLowerCase(), ...(version !== undefined && { version }) };
}

type Ask = (path: string) => Promise<WebAnswer>;

function asker({ web, url }: SynapseDeps, token: string, id: string, signal: AbortSignal): Ask {
  const headers = { authorization: `Bearer ${token}` };
  const base = `${url.replace(/\/+$/, '')}/repo/v1/entity/`;
  return async (path) =>
    await web.get(base + path, { headers, signal }).catch((error: unknown) => {
      throw error instanceof FetchError ? inWords(error, id) : error;
    });
}

function inWords(error: FetchError, id: string): FetchError {
  const words: Readonly<Record<number, string>> = {
    401: "Synapse refused the service's token",
    403: `Synapse does not let the service's account download ${id}; its conditions may have to be agreed to first`,
    404: `Synapse has no ${id}, or no such version of it`,
  };
  return reworded(error, words[error.status ?? 0] ?? `Synapse: ${error.message}`);
}

function versioned(id: string, version: string | undefined): string {
  return version === undefined ? id : `${id}/version/${version}`;
}

function versionOf({ versionNumber }: JsonObject): string | undefined {
  return Number.isSafeInteger(versionNumber) ? String(versionNumber) : undefined;
}

function handleIdOf({ concreteType, dataFileHandleId }: JsonObject, id: string): string {
  if (concreteType === FILE_ENTITY && typeof dataFileHandleId === 'string') return dataFileHandleId;
  const kind = String(concreteType).split('.').at(-1)?.toLowerCase() ?? 'something else';
  throw new FetchError(`${id} is no file in Synapse, but of the kind '${kind}'`, false);
}

/** The list has the handle of its preview too. */
async function findHandle(ask: Ask, path: string, handleId: string): Promise<JsonObject> {
  const { list } = await readJsonObject(await ask(`${path}/filehandles`), 'Synapse');
  const handles = Array.isArray(list) ? list.filter(isJsonObject) : [];
  return handles.find(({ id }) => String(id) === handleId) ?? {};
}

async function placeOf(ask: Ask, path: string): Promise<string> {
  const url = (await readBytes(await ask(`${path}/file?redirect=false`))).toString('utf8').trim();
  if (/^https?:\/\//i.test(url)) return url;
  throw new FetchError('it lies outside of Synapse, where this service does not read', false);
}

function described(file: RemoteFile, { name }: JsonObject, handle: JsonObject): RemoteFile {
  const { contentMd5, contentSize, fileName } = handle;
  const checksums: readonly Checksum[] =
    typeof contentMd5 === 'string' && /^[0-9a-f]{32}$/i.test(contentMd5)
      ? [{ algorithm: 'md5', hex: contentMd5.toLowerCase() }]
      : [];
  const isSized = Number.isSafeInteger(contentSize);
  if (isSized && file.sizeBytes !== undefined && file.sizeBytes !== contentSize) {
    file.body.destroy();
    throw new FetchError(
      `it has ${file.sizeBytes} bytes, but by Synapse ${String(contentSize)}`,
      false,
    );
  }
  const called = [fileName, name].find((text) => typeof text === 'string' && text !== '');
  return {
    ...file,
    ...(isSized && { sizeBytes: Number(contentSize) }),
    ...(typeof called === 'string' && { name: called }),
    checksums: [...checksums, ...file.checksums],
  };
}
