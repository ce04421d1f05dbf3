import type { Config } from '../../config.ts';

/** The path of the operations with a leading slash and without a trailing one, however it was written. */
export function apiPath(config: Pick<Config, 'apiPrefix'>): string {
  return `/${config.apiPrefix.replace(/^\/+|\/+$/g, '')}`;
}
