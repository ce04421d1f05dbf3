import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installEngine } from '../../src/cli/engines/install-engine.ts';
import { missingS3 } from '../../test/support/s3-server.ts';
import { machineFacts } from '../machine.ts';
import type { MemoryFigures } from '../memory.ts';
import { startBucket, type BenchBucket } from './bucket.ts';
import { copySeconds, missingS3Client, s3ClientSeconds, type S3ClientFigures } from './by-hand.ts';
import { ENGINES, startDeployment } from './deployment.ts';
import { measureFollowers, type FollowerFigures } from './followers.ts';
import { render } from './report.ts';
import { roundTrip, warmUp, type RoundTrip } from './round-trip.ts';

const HELP = `npm run bench:data -- [--quick] [--json] [--mebibytes N] [--part files|followers]

One large file (2 GiB; with --quick 256 MiB) up as an attachment, into a run, back as an output and down
again, with local storage and with S3, beside a plain copy of the file and the S3 client's own command;
and the most memory that API and daemon had meanwhile. Then 1, 50 and 500 clients that follow one growing log:
the delay from the writing of a line to its receipt, and what it costs. Takes about five minutes; with --quick two.
`;

const BYTES_PER_MEBIBYTE = 1024 * 1024;

const FOLLOWERS = [1, 50, 500];

export interface DataFigures {
  readonly files: readonly FileFigures[];
  readonly followers: readonly FollowerFigures[];
}

export interface FileFigures {
  readonly storage: 'local' | 'S3';
  readonly fileBytes: number;
  /** A plain copy, until it is on disk. */
  readonly copySeconds: number;
  /** AWS's own command to the same bucket and back. */
  readonly s3Client?: S3ClientFigures;
  readonly service: RoundTrip;
  readonly memory: { readonly api?: MemoryFigures; readonly daemon?: MemoryFigures };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      mebibytes: { type: 'string' },
      part: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const mebibytes = Number(values.mebibytes ?? (values.quick ? 256 : 2048));
  if (!Number.isSafeInteger(mebibytes) || mebibytes < 1) {
    throw new Error('--mebibytes takes a whole number above 0');
  }
  const { part } = values;
  if (part !== undefined && part !== 'files' && part !== 'followers') {
    throw new Error('--part takes files or followers');
  }
  const machine = machineFacts();
  const directory = await mkdtemp(join(tmpdir(), 'wes-bench-data-'));
  try {
    const isWanted = (name: string) => part === undefined || part === name;
    await requireCwltool();
    const figures: DataFigures = {
      files: isWanted('files') ? await measureFiles(directory, mebibytes * BYTES_PER_MEBIBYTE) : [],
      followers: isWanted('followers')
        ? await measureFollowers(FOLLOWERS, values.quick ? 10 : 20)
        : [],
    };
    const report = values.json
      ? JSON.stringify({ machine, figures }, null, 2)
      : render(machine, figures);
    process.stdout.write(`${report}\n`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function requireCwltool(): Promise<void> {
  const options = { installRoot: ENGINES, log: say, maySystemInstall: false };
  if (!(await installEngine('cwltool', options))) throw new Error('cwltool is not installed');
}

async function measureFiles(directory: string, fileBytes: number): Promise<readonly FileFigures[]> {
  const source = join(directory, 'data.bin');
  await writeData(source, fileBytes);
  const figures = [await measureLocal(directory, source, fileBytes)];
  const missing = missingS3();
  if (missing === undefined) figures.push(await measureS3(directory, source, fileBytes));
  else say(`SKIPPED S3: ${missing}`);
  return figures;
}

/** Nothing that could be compressed, and no two blocks are the same. */
async function writeData(path: string, bytes: number): Promise<void> {
  const block = randomBytes(BYTES_PER_MEBIBYTE);
  const file = await open(path, 'w');
  for (let at = 0; at < bytes; at += block.length) {
    block.writeUInt32LE(at / block.length);
    await file.write(block, 0, Math.min(block.length, bytes - at));
  }
  await file.sync();
  await file.close();
}

async function measureLocal(
  parent: string,
  source: string,
  fileBytes: number,
): Promise<FileFigures> {
  const directory = join(parent, 'local');
  await mkdir(directory);
  say('local storage');
  const seconds = await copySeconds(source, directory);
  const { service, memory } = await measureService(directory, source, {});
  return { storage: 'local', fileBytes, copySeconds: seconds, service, memory };
}

async function measureS3(parent: string, source: string, fileBytes: number): Promise<FileFigures> {
  const directory = join(parent, 's3');
  await mkdir(directory);
  say('S3');
  const bucket = await startBucket(fileBytes);
  try {
    const seconds = await copySeconds(source, directory);
    const s3Client = await byS3Client(directory, source, bucket);
    const { service, memory } = await measureService(directory, source, {
      STORAGE_BACKEND: 's3',
      S3_BUCKET_NAME: bucket.name,
      S3_ENDPOINT_URL: bucket.endpoint,
      ...bucket.keys,
    });
    return { storage: 'S3', fileBytes, copySeconds: seconds, ...s3Client, service, memory };
  } finally {
    await bucket.stop();
  }
}

async function byS3Client(directory: string, source: string, bucket: BenchBucket) {
  const missing = missingS3Client();
  if (missing === undefined) return { s3Client: await s3ClientSeconds(source, directory, bucket) };
  say(`SKIPPED the S3 client by hand: ${missing}`);
  return {};
}

async function measureService(
  directory: string,
  source: string,
  storage: Readonly<Record<string, string>>,
) {
  const deployment = await startDeployment(directory, storage);
  try {
    await warmUp(directory, deployment);
    const service = await roundTrip(source, directory, deployment);
    return { service, memory: deployment.memory() };
  } finally {
    await deployment.stop();
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

await main();
