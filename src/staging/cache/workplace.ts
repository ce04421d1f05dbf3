import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transfer, type TransferOptions } from '../transfer.ts';
import type { CachePlaces } from './places.ts';

const PRIVATE_DIRECTORY = 0o700;
/** Less is fetched anew as soon as it is found out that it need not be. */
const LEAST_KEPT_BYTES = 64 * 1024;

/** A transfer in a directory of its own, which goes on with what an earlier one of the same address has left. */
export interface Workplace {
  readonly transfer: Transfer;
  /** Path of the file. */
  readonly content: string;
  /** Closes the file; nothing of it stays but what was moved away. */
  finish(): Promise<void>;
  /** Closes the file and leaves it for the next attempt, where that can go on with it. */
  keep(): Promise<void>;
}

/** @param key of the address */
export async function openWorkplace(
  places: CachePlaces,
  key: string,
  options: TransferOptions,
): Promise<Workplace> {
  const directory = join(places.incoming, randomUUID());
  const content = join(directory, 'content');
  const transfer = await beginOrGoOn(join(places.partial, key), directory, options);
  const finish = async (): Promise<void> => {
    await transfer.close();
    await rm(directory, { recursive: true, force: true });
  };
  return {
    transfer,
    content,
    finish,
    keep: async () => {
      const { version, offset } = transfer;
      if (version === undefined || offset < LEAST_KEPT_BYTES) return finish();
      await transfer.close();
      await writeFile(join(directory, 'version'), version, { mode: 0o600 });
      await replaceDirectory(directory, join(places.partial, key));
    },
  };
}

async function beginOrGoOn(
  partial: string,
  directory: string,
  options: TransferOptions,
): Promise<Transfer> {
  const content = join(directory, 'content');
  try {
    // Of several processes, one gets it.
    await rename(partial, directory);
    const version = await readFile(join(directory, 'version'), 'utf8');
    return await Transfer.goOn(content, version, options);
  } catch {
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { mode: PRIVATE_DIRECTORY });
    return await Transfer.begin(content, options);
  }
}

/** When another process has left one in the meantime, that is as good. */
async function replaceDirectory(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await rename(from, to).catch(() => rm(from, { recursive: true, force: true }));
}
