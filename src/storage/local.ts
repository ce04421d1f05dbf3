import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { checkLocal } from './local-check.ts';
import { codeOf, isRealDirectory, removeEmptyDirectories } from './local-directory.ts';
import type { LocalDirectories } from './local-directory.ts';
import { asStorageError } from './local-error.ts';
import { listObjects, statObject } from './local-listing.ts';
import { openObject } from './local-read.ts';
import { appendToObject, replaceObject } from './local-write.ts';
import { checkKey, checkPrefix, checkPrefixToDelete } from './storage-key.ts';
import type { ObjectStat, Storage, StoredObject } from './storage.ts';

/**
 * Storage in a directory, which is made when it is first needed. Any number of processes may use one
 * root at once. An object can't lie below another (`a` and `a/b`): that is `invalid_key`.
 */
export function createLocalStorage(settings: { readonly root: string }): Storage {
  const root = resolve(settings.root);

  const directories = () => realDirectories(root);

  async function attempt<T>(key: string, work: (at: LocalDirectories) => Promise<T>): Promise<T> {
    try {
      return await work(await directories());
    } catch (error) {
      throw asStorageError(error, key);
    }
  }

  return {
    put: (key, body) => put(directories, key, body),
    append: async (key, offset, bytes) => {
      checkKey(key);
      await attempt(key, (at) => appendToObject(join(at.objects, key), offset, bytes));
    },
    get: async (key, range) => {
      checkKey(key);
      return attempt(key, (at) => openObject(join(at.objects, key), range));
    },
    stat: async (key) => {
      checkKey(key);
      return attempt(key, (at) => statReal(join(at.objects, key)));
    },
    async *list(prefix) {
      checkPrefix(prefix);
      try {
        yield* listObjects((await directories()).objects, prefix);
      } catch (error) {
        throw asStorageError(error, prefix);
      }
    },
    delete: async (key) => {
      checkKey(key);
      await attempt(key, (at) => deleteObject(at.objects, key));
    },
    deletePrefix: async (prefix) => {
      checkPrefixToDelete(prefix);
      await attempt(prefix, (at) => deleteObjects(at.objects, prefix));
    },
    url: (key) => {
      checkKey(key);
      return pathToFileURL(join(root, 'objects', key)).href;
    },
    check: () => checkLocal(root, directories),
  };
}

/** The root may itself be reached through symbolic links; below it none is followed. */
async function realDirectories(root: string): Promise<LocalDirectories> {
  const real = await realpath(root).catch(async (error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
    await mkdir(root, { recursive: true, mode: 0o700 });
    return realpath(root);
  });
  return { objects: join(real, 'objects'), incoming: join(real, 'incoming') };
}

/** Whatever goes wrong, the body is destroyed: nobody else would read it to its end. */
async function put(
  directories: () => Promise<LocalDirectories>,
  key: string,
  body: Readable,
): Promise<StoredObject> {
  // A stream may fail before the pipeline listens: unheard, that would end the process.
  body.once('error', () => undefined);
  try {
    checkKey(key);
    return await replaceObject(await directories(), key, body);
  } catch (error) {
    if (error === body.errored) throw error;
    body.destroy();
    throw asStorageError(error, key);
  }
}

async function statReal(path: string): Promise<ObjectStat | undefined> {
  return (await isRealDirectory(dirname(path))) ? statObject(path) : undefined;
}

async function deleteObject(objects: string, key: string): Promise<void> {
  const path = join(objects, key);
  // A directory is not an object, and what lies in it has keys of its own.
  if ((await statReal(path)) === undefined) return;
  await rm(path, { force: true });
  await removeEmptyDirectories(dirname(path), objects);
}

async function deleteObjects(objects: string, prefix: string): Promise<void> {
  const base = join(objects, dirname(`${prefix}*`));
  if (!(await isRealDirectory(base))) return;
  const beginning = prefix.slice(prefix.lastIndexOf('/') + 1);
  for (const name of await readdir(base)) {
    if (!name.startsWith(beginning)) continue;
    await rm(join(base, name), { recursive: true, force: true, maxRetries: 5 });
  }
  await removeEmptyDirectories(base, objects);
}
