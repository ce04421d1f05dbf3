import { randomUUID } from 'node:crypto';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config.ts';
import { byteCount } from '../client/run-display.ts';
import { chooseContainers } from '../wiring/containers.ts';
import { createExecutor, detectInstalled } from '../wiring/engines.ts';
import { createUploadScanning } from '../wiring/scanner.ts';
import { createStorage } from '../wiring/storage.ts';
import { attempt, broken, ok, warning, type Finding } from './check.ts';

/** Before this version of SQLite two processes could lose commits in WAL mode (its WAL-reset bug). */
const OLDEST_SQLITE = '3.51.3';
const LITTLE_SPACE_BYTES = 1e9;

export function checkNode(versions: NodeJS.ProcessVersions): readonly Finding[] {
  const sqlite = versions.sqlite ?? '0';
  const isOld = new Intl.Collator('en', { numeric: true }).compare(sqlite, OLDEST_SQLITE) < 0;
  const remedy = 'Use Node 24.15 or later, or 22.23 or later of 22';
  return [
    ok('Node', versions.node),
    isOld
      ? broken(
          'SQLite',
          `${sqlite} can lose commits; ${OLDEST_SQLITE} is the oldest safe one`,
          remedy,
        )
      : ok('SQLite', sqlite),
  ];
}

export async function checkStorage(config: Config): Promise<Finding> {
  const isLocal = config.storageBackend === 'local';
  const remedy = isLocal
    ? 'Let LOCAL_STORAGE_PATH name a directory that this user may write to'
    : 'See "S3" in docs/operations.md';
  return await attempt('Storage', remedy, async () => {
    const storage = await createStorage(config);
    await storage.check();
    if (isLocal) return await withSpace('Storage', config.localStoragePath);
    const { s3BucketName, s3EndpointUrl = 'AWS' } = config;
    return ok('Storage', `bucket ${s3BucketName} at ${s3EndpointUrl}`);
  });
}

/** Nothing where attachments are not scanned. */
export async function checkScanner(config: Config): Promise<readonly Finding[]> {
  const { uploadScanner, uploadScannerFailure: onFailure } = config;
  if (uploadScanner === undefined) return [];
  const remedy = 'Let UPLOAD_SCANNER name a clamd that runs and can be reached';
  const finding = await attempt('Scanner', remedy, async () => {
    await createUploadScanning(config)?.scanner.check();
    return ok('Scanner', `${uploadScanner}, UPLOAD_SCANNER_FAILURE=${onFailure}`);
  });
  return [finding];
}

export async function checkWorkDirectory(config: Config): Promise<Finding> {
  const remedy = 'Let WORK_DIR name a directory that this user may write to';
  return await attempt('Work', remedy, async () => {
    await mkdir(config.workDir, { recursive: true, mode: 0o700 });
    const probe = join(config.workDir, `.doctor-${randomUUID()}`);
    await writeFile(probe, '', { flag: 'wx' });
    await rm(probe);
    return await withSpace('Work', config.workDir);
  });
}

async function withSpace(name: string, directory: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(directory);
  const detail = `${directory}, ${byteCount(bavail * bsize)} free`;
  if (bavail * bsize >= LITTLE_SPACE_BYTES) return ok(name, detail);
  return warning(name, detail, 'Make room: runs fail when the disk is full');
}

export async function checkExecutor(config: Config): Promise<Finding> {
  const executor = createExecutor(config);
  return await attempt('Executor', `Mend that, or choose another EXECUTOR`, async () => {
    await executor.check();
    return ok('Executor', executor.name);
  });
}

/** What could be asked for; a limit that is asked for and can't be kept is the daemon's error. */
export async function checkLimits(config: Config): Promise<Finding> {
  return await attempt('Limits', 'See "Limits of a run" in docs/operations.md', async () => {
    const { kept, missing, pause, remedy } = await createExecutor(config).limitSupport();
    const able = kept.length === 0 ? 'none can be kept' : `${kept.join(', ')} can be kept`;
    const detail = `${able}; runs are paused with ${pause}`;
    if (missing.length === 0) return ok('Limits', detail);
    return ok('Limits', `${detail}. For ${missing.join(', ')}: ${remedy}`);
  });
}

/** As a daemon would find it; a runtime that was named and does not work keeps the daemon from starting. */
export async function checkContainers(config: Config): Promise<Finding> {
  return await attempt('Containers', 'See "Containers" in docs/operations.md', async () => {
    const { detail } = await chooseContainers(config);
    return ok('Containers', `CONTAINERS=${config.containers}: ${detail}`);
  });
}

export async function checkEngines(config: Config): Promise<Finding> {
  const remedy = 'Install one: `wes engines install cwltool`';
  return await attempt('Engines', remedy, async () => {
    const installed = await detectInstalled(config);
    const names = installed.flatMap(({ installations }) =>
      installations.map(({ engine, version }) => `${engine} ${version}`),
    );
    return names.length === 0
      ? broken('Engines', 'no workflow engine found on this machine', remedy)
      : ok('Engines', names.join(', '));
  });
}
