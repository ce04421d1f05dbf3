import type { ReadingRules } from './readable-buckets.ts';

export interface AccessKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What object storage of one scheme is told: `s3`, or `gs` by its interface that speaks S3. */
export interface ObjectStorageSettings extends ReadingRules {
  readonly scheme: 's3' | 'gs';
  /** Of another service than AWS. */
  readonly endpoint?: string;
  readonly region?: string;
  readonly keys?: AccessKeys;
  /** Whether credentials are looked for where AWS's tools look, when no keys are given. */
  readonly usesAwsCredentials: boolean;
  /** How long a connection may be silent before it counts as broken. */
  readonly silenceMs?: number;
}
