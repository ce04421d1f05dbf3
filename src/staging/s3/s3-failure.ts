import { FetchError } from '../protocol.ts';
import type { ObjectAddress } from '../s3-address.ts';
import type { ObjectStorageSettings } from '../object-storage-settings.ts';

export interface Asked {
  readonly settings: ObjectStorageSettings;
  readonly withCredentials: boolean;
}

const PASSING = [
  'SlowDown',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'OperationAborted',
  'TooManyRequests',
];
const WRONG_REGION = [
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
];
const WRONG_KEYS = [
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'InvalidToken',
  'InvalidSecurity',
];

/** What the server answered, or how it could not be reached, in words for whoever submitted the run. */
export function asFetchError(error: unknown, object: ObjectAddress, asked: Asked): FetchError {
  if (error instanceof FetchError) return error;
  const name = error instanceof Error ? error.name : '';
  if (name === 'CredentialsProviderError') return failed(noCredentials(asked.settings), error);
  const status = statusOf(error);
  if (status === undefined) return unreachable(error);
  const isPassing = PASSING.includes(name) || status >= 500 || status === 429 || status === 408;
  if (isPassing)
    return new FetchError(`the server asks to try again later (${status} ${name})`, true, {
      cause: error,
      status,
    });
  return failed(refusal(name, status, object, asked), error, status);
}

function failed(reason: string, cause: unknown, status?: number): FetchError {
  return new FetchError(reason, false, { cause, ...(status !== undefined && { status }) });
}

function refusal(
  name: string,
  status: number,
  { bucket, versionId }: ObjectAddress,
  asked: Asked,
): string {
  if (name === 'NoSuchBucket') return `there is no bucket '${bucket}'`;
  if (name === 'NoSuchVersion' || (status === 404 && versionId !== undefined))
    return 'there is no such version of it';
  if (status === 404) return 'there is no such object';
  if (name === 'InvalidObjectState') return 'it is archived: restore it first';
  if (WRONG_KEYS.includes(name))
    return `the service's credentials were refused (${name}); ${operators(asked.settings)}`;
  if (WRONG_REGION.includes(name) || status === 301)
    return `bucket '${bucket}' is in another region; ${settingName('REGION', asked.settings)} names the one that is asked`;
  if (status === 403 || status === 401) return notAllowed(bucket, asked);
  return `the server answered ${status} ${name}`;
}

function notAllowed(bucket: string, asked: Asked): string {
  return asked.withCredentials
    ? "the service's credentials do not allow to read it, or there is no such object"
    : `not everybody may read it, and bucket '${bucket}' is none that the service reads with credentials of its own (${settingName('BUCKETS', asked.settings)})`;
}

export function noCredentials(settings: ObjectStorageSettings): string {
  return `the service has no credentials to read it with; ${operators(settings)}`;
}

function operators(settings: ObjectStorageSettings): string {
  return `operators give them in ${settingName('ACCESS_KEY_ID', settings)} and ${settingName('SECRET_ACCESS_KEY', settings)}`;
}

function settingName(end: string, { scheme }: ObjectStorageSettings): string {
  return `STAGING_${scheme.toUpperCase()}_${end}`;
}

/** The HTTP status of an answer that the SDK throws. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined;
  const metadata: unknown = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  return 'httpStatusCode' in metadata && typeof metadata.httpStatusCode === 'number'
    ? metadata.httpStatusCode
    : undefined;
}

function unreachable(error: unknown): FetchError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why = code === '' && error instanceof Error ? error.message : code;
  return new FetchError(`the server could not be reached (${why})`, true, { cause: error });
}
