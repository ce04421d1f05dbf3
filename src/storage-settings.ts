import { choice, flag, optional, optionalFlag, text } from './setting-forms.ts';

/** Where bytes live: a part of SETTINGS. */
export const STORAGE_SETTINGS = {
  storageBackend: choice(
    'STORAGE_BACKEND',
    ['local', 's3'],
    'local',
    'Where attachments, logs and outputs live: `local`, in a directory; `s3`, in a bucket of S3 or of a service that speaks its protocol.',
  ),
  localStoragePath: text(
    'LOCAL_STORAGE_PATH',
    '${DATA_DIR}/storage',
    'Root of the local storage. API and daemon must see the same directory.',
  ),
  s3BucketName: optional(
    'S3_BUCKET_NAME',
    'Bucket of STORAGE_BACKEND=s3, which must exist. Credentials are taken from where AWS tools look for them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the files in `~/.aws`, the role of the machine.',
  ),
  s3Region: optional(
    'S3_REGION',
    'Region of the bucket; by default AWS_REGION or that of the profile, and `us-east-1` where S3_ENDPOINT_URL is given.',
  ),
  s3EndpointUrl: optional(
    'S3_ENDPOINT_URL',
    'Address (`http` or `https`) of another S3 service than that of AWS: Ceph, MinIO and others.',
  ),
  s3Prefix: optional(
    'S3_PREFIX',
    'Beginning of all names in the bucket, so that it can be shared; none by default. It makes the longest names of outputs shorter: S3 counts 1024 bytes for all.',
  ),
  s3ForcePathStyle: optionalFlag(
    'S3_FORCE_PATH_STYLE',
    "Address the bucket as a part of the path, not of the host's name; by default where S3_ENDPOINT_URL is given.",
  ),
  s3PresignedUrls: flag(
    'S3_PRESIGNED_URLS',
    false,
    'Answer downloads of outputs with a redirect to a short-lived address of the bucket, which clients must reach at S3_ENDPOINT_URL, in place of the bytes.',
  ),
};
