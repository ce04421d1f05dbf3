import { FetchError, type Protocol } from './protocol.ts';
import type { ObjectStorageSettings } from './object-storage-settings.ts';
import { readingOf } from './readable-buckets.ts';
import { parseObjectAddress } from './s3-address.ts';
import type { ObjectReader } from './s3/object-reader.ts';

/** The SDK is loaded with the first such address. */
export function createS3Protocol(settings: ObjectStorageSettings): Protocol {
  let reader: Promise<ObjectReader> | undefined;
  return {
    schemes: [settings.scheme],
    open: async (address, request) => {
      const object = parseObjectAddress(address);
      const reading = readingOf(object, settings);
      if (reading === 'refused') throw ownStorage(object.bucket, settings);
      reader ??= import('./s3/object-reader.ts').then((module) => module.createReader(settings));
      return await (await reader).open(object, reading === 'with credentials', request);
    },
  };
}

function ownStorage(bucket: string, { scheme }: ObjectStorageSettings): FetchError {
  return new FetchError(
    `bucket '${bucket}' holds what this service stores for its users, and is not read (operators: STAGING_${scheme.toUpperCase()}_BUCKETS can name another part of it)`,
    false,
  );
}
