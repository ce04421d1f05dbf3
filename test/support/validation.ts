import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { v7 as newRunId } from 'uuid';
import { runToEnd } from '../../src/cli/validation/run-to-end.ts';
import { offersOf } from '../../src/engines/detect.ts';
import type { Engine, EngineInstallation } from '../../src/engines/engine.ts';
import { listProcesses, type ListedProcess } from '../../src/executors/local/process-table.ts';
import type { EngineOffer } from '../../src/runs/engine-catalog.ts';
import type { CheckedRun, Verdict } from '../../src/runs/request-validator.ts';
import { attachmentKey } from '../../src/runs/storage-keys.ts';
import { createLocalStorage } from '../../src/storage/local.ts';
import { createRequestValidator } from '../../src/validation/request-validator.ts';
import type { RunSetup } from './engine-run.ts';
import { until } from './until.ts';

export interface TestValidationOptions {
  readonly installations: readonly EngineInstallation[];
  readonly timeoutSeconds?: number;
  readonly concurrency?: number;
  readonly allowedFileRoots?: readonly string[];
  readonly warmServer?: string | undefined;
  /** What the deployment has, where that is more than what is here. */
  readonly offers?: readonly EngineOffer[];
}

/** A real validator with real storage, in a directory of its own. */
export interface TestValidation {
  validate(setup: RunSetup): Promise<Verdict>;
  readonly logs: readonly Record<string, unknown>[];
  /** Processes that work in the directory, or were told of it. */
  processes(): Promise<readonly ListedProcess[]>;
  /** Names of what checks have in their directory now. */
  places(): Promise<readonly string[]>;
  stop(): Promise<void>;
  /** Stops it and removes everything; fails when a check left something. */
  close(): Promise<void>;
}

export async function createTestValidation(
  engine: Engine,
  options: TestValidationOptions,
): Promise<TestValidation> {
  const root = await mkdtemp(join(tmpdir(), 'wes validation-'));
  const storage = createLocalStorage({ root: join(root, 'storage') });
  const installed = [{ engine, installations: options.installations }];
  const logs: Record<string, unknown>[] = [];
  const directory = join(root, 'validation');
  const validator = createRequestValidator({
    installed: async () => installed,
    catalog: { offers: async () => options.offers ?? offersOf(installed) },
    storage,
    runToEnd,
    warmServer: () => options.warmServer,
    concurrency: options.concurrency ?? 2,
    settings: {
      directory,
      // A machine that has other things to do must not make the verdict another.
      timeoutSeconds: options.timeoutSeconds ?? 60,
      searchPath: process.env.PATH ?? '',
      allowedFileRoots: options.allowedFileRoots ?? [],
    },
    logger: { info: (facts) => logs.push({ ...facts }) },
  });
  const processes = async (): Promise<readonly ListedProcess[]> =>
    (await listProcesses()).filter(
      ({ workingDirectory, environment }) =>
        workingDirectory?.startsWith(root) === true ||
        environment.some((entry) => entry.includes(root)),
    );
  const places = (): Promise<readonly string[]> => readdir(directory).catch(() => []);
  return {
    validate: async ({ request, files = {} }) => {
      const runId = newRunId();
      const attachments: CheckedRun['attachments'][number][] = [];
      for (const [name, content] of Object.entries(files)) {
        await storage.put(attachmentKey(runId, name), Readable.from(Buffer.from(content)));
        const sha256 = createHash('sha256').update(content).digest('hex');
        attachments.push({ name, sizeBytes: Buffer.byteLength(content), sha256 });
      }
      return validator.validate({ runId, engine: engine.name, request, attachments });
    },
    logs,
    processes,
    places,
    stop: () => validator.stop(),
    close: async () => {
      await validator.stop();
      const left = await places();
      // What tells its end to a client is not quite over yet.
      await until(async () => (await processes()).length === 0, { message: 'A check goes on' });
      await rm(root, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`A check left ${left.join(', ')}`);
    },
  };
}
