import { list, optional, text } from './setting-forms.ts';

/** What single protocols are told by which inputs are fetched: a part of SETTINGS. */
export const STAGING_PROTOCOL_SETTINGS = {
  stagingS3Buckets: list(
    'STAGING_S3_BUCKETS',
    'Buckets, or `bucket/prefix`, of which everyone who submits runs may read `s3://` inputs with the credentials of the service; all others are read anonymously. What the service itself stores is never read.',
  ),
  stagingS3EndpointUrl: optional(
    'STAGING_S3_ENDPOINT_URL',
    'Address (`http` or `https`) of another S3 service than that of AWS, for `s3://` inputs.',
  ),
  stagingS3Region: optional(
    'STAGING_S3_REGION',
    'Region of the buckets; by default AWS_REGION, or `us-east-1`. Buckets of AWS in other regions are found.',
  ),
  stagingS3AccessKeyId: optional(
    'STAGING_S3_ACCESS_KEY_ID',
    'Access key for the buckets of STAGING_S3_BUCKETS; by default credentials are taken from where AWS tools look for them.',
  ),
  stagingS3SecretAccessKey: optional(
    'STAGING_S3_SECRET_ACCESS_KEY',
    'Secret of STAGING_S3_ACCESS_KEY_ID.',
  ),
  stagingGsBuckets: list(
    'STAGING_GS_BUCKETS',
    'Buckets, or `bucket/prefix`, of which everyone who submits runs may read `gs://` inputs with the HMAC key of the service; all others are read anonymously.',
  ),
  stagingGsEndpointUrl: text(
    'STAGING_GS_ENDPOINT_URL',
    'https://storage.googleapis.com',
    'Address of the interface of Google Cloud Storage that speaks S3, for `gs://` inputs.',
  ),
  stagingGsAccessKeyId: optional(
    'STAGING_GS_ACCESS_KEY_ID',
    'HMAC key of a service account, for the buckets of STAGING_GS_BUCKETS.',
  ),
  stagingGsSecretAccessKey: optional(
    'STAGING_GS_SECRET_ACCESS_KEY',
    'Secret of STAGING_GS_ACCESS_KEY_ID.',
  ),
  stagingHosts: list(
    'STAGING_HOSTS',
    'Other addresses of DRS and TRS servers, as `host=http://10.1.2.3:8080`, for those that are not at `https://host`; they may be private ones.',
  ),
  stagingTokens: list(
    'STAGING_TOKENS',
    'Bearer tokens for DRS and TRS servers, as `host=token`: everyone who submits runs may read what these allow.',
  ),
  stagingIdentifiersUrl: text(
    'STAGING_IDENTIFIERS_URL',
    'https://resolver.api.identifiers.org',
    'Resolver of compact identifiers, for `drs://prefix:accession`.',
  ),
  stagingSynapseToken: optional(
    'STAGING_SYNAPSE_TOKEN',
    'Personal access token for Synapse: everyone who submits runs may read the `synapse://` files that its account may download. Without it none are read.',
  ),
  stagingSynapseUrl: text(
    'STAGING_SYNAPSE_URL',
    'https://repo-prod.prod.sagebase.org',
    "Address of Synapse's REST API.",
  ),
};
