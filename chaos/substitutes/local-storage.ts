import { createLocalStorage as createReal } from '../../src/storage/local.ts';
import type { Storage } from '../../src/storage/storage.ts';

/** What is to be removed stays. */
export function createLocalStorage(settings: { readonly root: string }): Storage {
  return { ...createReal(settings), deletePrefix: async () => undefined };
}
