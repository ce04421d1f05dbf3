import { LRUCache } from 'lru-cache';
import type { Readable } from 'node:stream';
import { createMeasure } from '../measure.ts';
import { checkKey, checkPrefix, checkPrefixToDelete } from '../storage-key.ts';
import type { Storage, StoredObject } from '../storage.ts';
import { Appender } from './append.ts';
import { Bucket } from './bucket.ts';
import { abortAbandonedUploads, checkBucket } from './check.ts';
import { createClient } from './client.ts';
import { createLayout, type Layout } from './layout.ts';
import { presignedUrl } from './presign.ts';
import { listObjects, openObject, statObject, type SeenGrowths } from './read.ts';
import { removeGeneration, removeObject, removeObjects } from './removal.ts';
import type { S3Settings } from './settings.ts';
import { upload } from './upload.ts';

const SEEN_GROWTHS = 1000;

/**
 * Storage in a bucket of S3, or of another service that speaks its protocol. Any number of processes
 * may use one bucket and prefix at once.
 */
export function createS3Storage(settings: S3Settings): Storage {
  const bucket = new Bucket(createClient(settings), settings.bucket, settings.endpoint);
  const layout = createLayout(settings.prefix);
  const appender = new Appender(bucket, layout);
  const seen: SeenGrowths = new LRUCache({ max: SEEN_GROWTHS });
  const storage: Storage = {
    put: async (key, body) => {
      const stored = await put(bucket, layout, key, body);
      appender.forget(key);
      return stored;
    },
    append: (key, offset, bytes) => withKey(key, () => appender.append(key, offset, bytes)),
    get: (key, range) => withKey(key, () => openObject(bucket, layout, key, seen, range)),
    stat: (key) => withKey(key, () => statObject(bucket, layout, key, seen)),
    async *list(prefix) {
      checkPrefix(prefix);
      yield* listObjects(bucket, layout, prefix);
    },
    delete: (key) =>
      withKey(key, () => {
        appender.forget(key);
        return removeObject(bucket, layout, key);
      }),
    deletePrefix: async (prefix) => {
      checkPrefixToDelete(prefix);
      appender.forgetPrefix(prefix);
      await removeObjects(bucket, layout, prefix);
    },
    url: (key) => {
      checkKey(key);
      return addressOf(settings.bucket, layout.objectName(key));
    },
    check: createCheck(bucket, layout),
  };
  if (!settings.presignedUrls) return storage;
  const downloadUrl: Storage['downloadUrl'] = (key, headers) =>
    withKey(key, () => presignedUrl(bucket, layout, key, headers));
  return { ...storage, downloadUrl };
}

async function withKey<T>(key: string, work: () => Promise<T>): Promise<T> {
  checkKey(key);
  return await work();
}

/** Whatever goes wrong, the body is destroyed: nobody else would read it to its end. */
async function put(
  bucket: Bucket,
  layout: Layout,
  key: string,
  body: Readable,
): Promise<StoredObject> {
  // A stream may fail before anybody listens: unheard, that would end the process.
  body.once('error', () => undefined);
  try {
    checkKey(key);
    const name = layout.objectName(key);
    const measure = createMeasure();
    const earlier = bucket.head(name).catch(() => undefined);
    await upload(bucket, name, measure.pass(body));
    // Nobody reads the segments of what was replaced any more.
    const generation = (await earlier)?.generation;
    if (generation !== undefined) await removeGeneration(bucket, layout, key, generation);
    return measure.result();
  } catch (error) {
    body.destroy();
    throw error;
  }
}

/** Abandoned uploads are looked for once in the life of a process; checks are made often. */
function createCheck(bucket: Bucket, layout: Layout): () => Promise<void> {
  let tidied: Promise<void> | undefined;
  return async () => {
    await checkBucket(bucket, layout);
    await (tidied ??= abortAbandonedUploads(bucket, layout));
  };
}

function addressOf(bucket: string, name: string): string {
  return `s3://${bucket}/${name.split('/').map(encodeURIComponent).join('/')}`;
}
