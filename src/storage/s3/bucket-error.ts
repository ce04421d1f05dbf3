import { StorageError } from '../storage.ts';

/** What S3 answers, or how it could not be reached, as StorageError; any other error as it is. */
export function asStorageError(error: unknown, place: string): unknown {
  if (error instanceof StorageError || !(error instanceof Error)) return error;
  const problem = problemOf(error);
  if (problem === undefined) return error;
  return new StorageError(problem.code ?? 'unavailable', `${place}: ${problem.text}`, {
    cause: error,
  });
}

interface Problem {
  readonly code?: StorageError['code'];
  readonly text: string;
}

const CREDENTIALS =
  'give the right ones in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or in any other way that AWS tools know';

const REFUSALS: Readonly<Record<string, Problem>> = {
  NoSuchKey: { code: 'not_found', text: 'there is no such object in storage' },
  NoSuchBucket: { text: 'there is no such bucket: create it, or correct S3_BUCKET_NAME' },
  InvalidBucketName: { text: 'no bucket can have this name: correct S3_BUCKET_NAME' },
  InvalidAccessKeyId: { text: `the access key is unknown there: ${CREDENTIALS}` },
  SignatureDoesNotMatch: {
    text: `the secret key is not the one of the access key: ${CREDENTIALS}`,
  },
  ExpiredToken: { text: `the credentials have expired: ${CREDENTIALS}` },
  InvalidToken: { text: `the session token is wrong: ${CREDENTIALS}` },
  AccessDenied: {
    text: 'the credentials do not allow this: see the actions that are needed in docs/operations.md',
  },
  RequestTimeTooSkewed: { text: "this machine's clock differs too much: set it right" },
  PermanentRedirect: { text: 'the bucket is in another region: correct S3_REGION' },
  AuthorizationHeaderMalformed: { text: 'the bucket is in another region: correct S3_REGION' },
  KeyTooLongError: { code: 'invalid_key', text: 'the key is too long for this service' },
  InvalidObjectName: { code: 'invalid_key', text: 'this service does not take such a key' },
};

/** Answers to HEAD say nothing but a status. */
const STATUSES: Readonly<Record<number, Problem>> = {
  301: REFUSALS.PermanentRedirect ?? { text: '' },
  403: {
    text: `the credentials were refused, or do not allow this: ${CREDENTIALS}; the actions that are needed are in docs/operations.md`,
  },
};

function problemOf(error: Error): Problem | undefined {
  if (error.name === 'CredentialsProviderError')
    return { text: `no credentials were found: ${CREDENTIALS}` };
  if (error.message === 'Region is missing') return { text: 'S3_REGION is missing: set it' };
  const status = statusOf(error);
  if (status !== undefined)
    return REFUSALS[error.name] ?? STATUSES[status] ?? answered(error, status);
  const connection = connectionProblem(error);
  return connection === undefined ? undefined : { text: `it can not be reached (${connection})` };
}

function answered(error: Error, status: number): Problem {
  const said = [error.name, error.message].filter((text) => !text.startsWith('Unknown')).join(': ');
  return { text: `it answered with status ${status}${said === '' ? '' : ` (${said})`}` };
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

/** What broke a connection, or kept it from being made; undefined for any other error. */
function connectionProblem(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'TimeoutError') return 'no answer in time';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code !== undefined && /^(E[A-Z]|ERR_(SSL|TLS)|CERT_|[A-Z_]+_CERT)/.test(code)) return code;
  return error.message === 'aborted' ? 'the connection broke' : undefined;
}
