import { ConfigError, type Config } from '../../config.ts';
import type { AddressGuard } from '../../staging/address-guard.ts';
import { createDrsProtocol } from '../../staging/drs/drs-protocol.ts';
import { createFtpProtocol } from '../../staging/ftp/ftp-protocol.ts';
import { createHosts, type Hosts } from '../../staging/hosts.ts';
import { openWeb } from '../../staging/http.ts';
import type { Opener, Protocol, Web } from '../../staging/protocol.ts';
import { parseBucketPart, trimSlashes, type BucketPart } from '../../staging/readable-buckets.ts';
import type { AccessKeys } from '../../staging/object-storage-settings.ts';
import { createS3Protocol } from '../../staging/s3-protocol.ts';
import { createSynapseProtocol } from '../../staging/synapse-protocol.ts';

export type ProtocolConfig = Pick<
  Config,
  | 'storageBackend'
  | 's3BucketName'
  | 's3EndpointUrl'
  | 's3Prefix'
  | 'stagingS3Buckets'
  | 'stagingS3EndpointUrl'
  | 'stagingS3Region'
  | 'stagingS3AccessKeyId'
  | 'stagingS3SecretAccessKey'
  | 'stagingGsBuckets'
  | 'stagingGsEndpointUrl'
  | 'stagingGsAccessKeyId'
  | 'stagingGsSecretAccessKey'
  | 'stagingHosts'
  | 'stagingTokens'
  | 'stagingIdentifiersUrl'
  | 'stagingSynapseToken'
  | 'stagingSynapseUrl'
>;

export interface ProtocolDeps {
  readonly web: Web;
  readonly guard: AddressGuard;
  readonly hosts: Hosts;
  /** Opens addresses of all protocols. */
  readonly open: Opener;
  readonly idleMs: number;
}

/** Of the addresses by which these protocols are asked for files. */
export const PROTOCOL_SCHEMES = ['s3', 'gs', 'ftp', 'drs', 'synapse', 'syn'] as const;

/** All but that of the web. */
export function protocolsFor(config: ProtocolConfig, deps: ProtocolDeps): readonly Protocol[] {
  const { web, guard, hosts, open, idleMs } = deps;
  const openHttp = openWeb.bind(undefined, web);
  return [
    s3Protocol(config, idleMs),
    gsProtocol(config, idleMs),
    createFtpProtocol({ resolveHost: guard.resolveHost, now: Date.now, silenceMs: idleMs }),
    createDrsProtocol({
      ...{ web, openWeb: openHttp, open, hosts, resolverUrl: config.stagingIdentifiersUrl },
    }),
    createSynapseProtocol({
      ...{ web, openWeb: openHttp, url: config.stagingSynapseUrl },
      ...(config.stagingSynapseToken !== undefined && { token: config.stagingSynapseToken }),
    }),
  ];
}

function s3Protocol(config: ProtocolConfig, silenceMs: number): Protocol {
  const endpoint = httpAddress(config.stagingS3EndpointUrl, 'STAGING_S3_ENDPOINT_URL');
  const { stagingS3AccessKeyId, stagingS3SecretAccessKey, stagingS3Region: region } = config;
  const keys = keysOf('S3', stagingS3AccessKeyId, stagingS3SecretAccessKey);
  const storage = storageBehind(config, endpoint);
  return createS3Protocol({
    ...{ scheme: 's3', usesAwsCredentials: true, silenceMs },
    listed: config.stagingS3Buckets.map(parseBucketPart),
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(keys !== undefined && { keys }),
    ...(storage !== undefined && { storage }),
  });
}

function gsProtocol(config: ProtocolConfig, silenceMs: number): Protocol {
  const endpoint = httpAddress(config.stagingGsEndpointUrl, 'STAGING_GS_ENDPOINT_URL');
  const keys = keysOf('GS', config.stagingGsAccessKeyId, config.stagingGsSecretAccessKey);
  const storage = storageBehind(config, endpoint);
  return createS3Protocol({
    ...{ scheme: 'gs', usesAwsCredentials: false, silenceMs, region: 'auto' },
    listed: config.stagingGsBuckets.map(parseBucketPart),
    ...(endpoint !== undefined && { endpoint }),
    ...(keys !== undefined && { keys }),
    ...(storage !== undefined && { storage }),
  });
}

/** Where the service stores, when that is at this endpoint too. */
function storageBehind(
  config: ProtocolConfig,
  endpoint: string | undefined,
): BucketPart | undefined {
  const { storageBackend, s3BucketName: bucket, s3EndpointUrl, s3Prefix = '' } = config;
  if (storageBackend !== 's3' || bucket === undefined) return undefined;
  if (serverOf(endpoint) !== serverOf(s3EndpointUrl)) return undefined;
  return { bucket, prefix: trimSlashes(s3Prefix) };
}

/** All of AWS is one: names of buckets are the same from everywhere. */
function serverOf(endpoint: string | undefined): string {
  if (endpoint === undefined || !URL.canParse(endpoint)) return 'AWS';
  const { host, hostname } = new URL(endpoint);
  return /\.amazonaws\.com(\.cn)?$/.test(hostname) ? 'AWS' : host;
}

function keysOf(
  kind: 'S3' | 'GS',
  accessKeyId: string | undefined,
  secretAccessKey: string | undefined,
): AccessKeys | undefined {
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { accessKeyId, secretAccessKey };
  }
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  const [id, secret] = [`STAGING_${kind}_ACCESS_KEY_ID`, `STAGING_${kind}_SECRET_ACCESS_KEY`];
  throw new ConfigError([`${id} and ${secret}: give both or none`]);
}

function httpAddress(url: string | undefined, setting: string): string | undefined {
  if (url === undefined) return undefined;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new ConfigError([`${setting}: '${url}' is no http or https address`]);
}

/** What operators say of DRS and TRS servers. */
export function hostsFor(config: Pick<ProtocolConfig, 'stagingHosts' | 'stagingTokens'>): Hosts {
  try {
    return createHosts(config.stagingHosts, config.stagingTokens);
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error)]);
  }
}

/** What operators name may be reached wherever it is. */
export function originsFor(
  config: Pick<ProtocolConfig, 'stagingHosts' | 'stagingIdentifiersUrl' | 'stagingSynapseUrl'>,
): readonly string[] {
  const bases = config.stagingHosts.map((text) => text.slice(text.indexOf('=') + 1).trim());
  const urls = [...bases, config.stagingIdentifiersUrl, config.stagingSynapseUrl];
  return urls.filter((url) => URL.canParse(url)).map((url) => new URL(url).origin);
}
