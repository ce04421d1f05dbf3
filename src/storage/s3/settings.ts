/** What a storage on S3 is told. Credentials come from where the AWS SDK looks for them, unless given. */
export interface S3Settings {
  readonly bucket: string;
  /** By default what the SDK finds (AWS_REGION, profiles); beside an endpoint one that any server takes. */
  readonly region?: string;
  /** Address of another service than AWS. */
  readonly endpoint?: string;
  /** The bucket as a part of the path rather than of the host's name. */
  readonly forcePathStyle: boolean;
  /** In front of all names in the bucket; slashes at its ends do not count. */
  readonly prefix?: string;
  /** Whether `downloadUrl` gives out addresses. */
  readonly presignedUrls: boolean;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** How long a connection may be silent before it counts as broken; a minute by default. */
  readonly silenceMs?: number;
}
