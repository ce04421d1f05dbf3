import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { copyFile, open, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { BenchBucket } from './bucket.ts';

/** Seconds that a plain copy of the file takes until it is on disk. */
export async function copySeconds(source: string, directory: string): Promise<number> {
  const target = join(directory, 'copy.bin');
  const startedAt = performance.now();
  await copyFile(source, target);
  const file = await open(target, 'r');
  await file.sync();
  await file.close();
  const seconds = (performance.now() - startedAt) / 1000;
  await rm(target);
  return seconds;
}

export interface S3ClientFigures {
  readonly upSeconds: number;
  readonly downSeconds: number;
}

/** Why AWS's own command can't be measured here; undefined when it can. */
export function missingS3Client(): string | undefined {
  const isThere = (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, 'aws'), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return isThere ? undefined : 'no aws found: install awscli';
}

/** The file to the bucket and back, each by one `aws s3 cp`. */
export async function s3ClientSeconds(
  source: string,
  directory: string,
  bucket: BenchBucket,
): Promise<S3ClientFigures> {
  const target = join(directory, 'fetched.bin');
  const address = `s3://${bucket.name}/by-hand/data.bin`;
  const upSeconds = await awsSeconds(['cp', source, address], bucket);
  const downSeconds = await awsSeconds(['cp', address, target], bucket);
  await rm(target);
  await awsSeconds(['rm', address], bucket);
  return { upSeconds, downSeconds };
}

async function awsSeconds(args: readonly string[], bucket: BenchBucket): Promise<number> {
  const startedAt = performance.now();
  const all = ['s3', ...args, '--endpoint-url', bucket.endpoint, '--only-show-errors'];
  const child = spawn('aws', all, {
    env: { PATH: process.env.PATH, ...bucket.keys, AWS_DEFAULT_REGION: 'us-east-1' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`aws ${args.join(' ')} ended with ${code}`);
  return (performance.now() - startedAt) / 1000;
}
