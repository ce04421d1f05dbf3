import type { Config } from '../../config.ts';
import { createLocalStorage } from '../../storage/local.ts';
import type { Storage } from '../../storage/storage.ts';

export function createStorage(config: Pick<Config, 'localStoragePath'>): Storage {
  return createLocalStorage({ root: config.localStoragePath });
}
