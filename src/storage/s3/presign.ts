import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { DownloadHeaders } from '../storage.ts';
import type { Bucket } from './bucket.ts';
import type { Layout } from './layout.ts';

/** As long as a client needs to follow a redirect; a download that has begun goes on after it. */
const URL_SECONDS = 300;

/** An address that whoever has it may fetch the object from, for a while. Nothing is asked of the server. */
export async function presignedUrl(
  bucket: Bucket,
  layout: Layout,
  key: string,
  headers: DownloadHeaders,
): Promise<string> {
  const command = new GetObjectCommand({
    Bucket: bucket.name,
    Key: layout.objectName(key),
    ResponseContentType: headers.contentType,
    ResponseContentDisposition: headers.contentDisposition,
    ResponseCacheControl: headers.cacheControl,
  });
  const options = { expiresIn: URL_SECONDS };
  return await bucket.attempt(() => getSignedUrl(bucket.client, command, options));
}
