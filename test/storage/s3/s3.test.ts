import { createS3Storage } from '../../../src/storage/s3/s3.ts';
import { describeStorage } from '../../conformance/storage.ts';
import { createTestBucket, missingS3 } from '../../support/buckets.ts';
import { describeWith } from '../../support/suite.ts';

describeWith('S3', missingS3, () => {
  describeStorage('the storage on S3', async () => {
    const bucket = await createTestBucket();
    return {
      storage: createS3Storage(bucket.settings),
      other: createS3Storage(bucket.settings),
      close: () => bucket.drop(),
    };
  });
});
