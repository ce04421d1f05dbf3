import { FetchError } from './protocol.ts';

/** An object as `s3://bucket/key` and `gs://bucket/key` name it. */
export interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

const FORM = /^(?:s3|gs):\/\/([^/]*)\/?(.*)$/is;
const VERSION = /^(.+)\?versionId=([^&?#]+)$/s;
/** Dots as in a host's name; Google allows underscores, and more characters where there are dots. */
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/;
const IP_ADDRESS = /^\d+\.\d+\.\d+\.\d+$/;
const KEY_BYTES = 1024;

/**
 * The key is taken as it stands, as AWS's and Google's own tools do: `%20` is no space. At the end
 * `?versionId=…` names a version.
 * @throws FetchError
 */
export function parseObjectAddress(address: string): ObjectAddress {
  const [, bucket = '', path = ''] = FORM.exec(address) ?? [];
  if (!isBucketName(bucket)) {
    throw new FetchError(`'${bucket}' can not be the name of a bucket`, false);
  }
  const [, key = path, versionId] = VERSION.exec(path) ?? [];
  if (key === '' || key.endsWith('/')) {
    throw new FetchError(
      'it names no object, but a bucket or a prefix of one: name each file',
      false,
    );
  }
  if (!isKey(key)) throw new FetchError('no object is read whose key is such a path', false);
  return { bucket, key, ...(versionId !== undefined && { versionId }) };
}

function isBucketName(name: string): boolean {
  const isDirectoryBucket = name.endsWith('--x-s3');
  return (
    BUCKET.test(name) && !/\.\.|-\.|\.-/.test(name) && !IP_ADDRESS.test(name) && !isDirectoryBucket
  );
}

/** Some servers resolve dots: then a key would lie elsewhere than its beginning says. */
function isKey(key: string): boolean {
  const hasDots = key.split(/[/\\]/).some((part) => part === '.' || part === '..');
  return !hasDots && !key.includes('\0') && Buffer.byteLength(key) <= KEY_BYTES;
}
