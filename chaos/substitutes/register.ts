/**
 * Loaded before the service's own code (`node --import`): puts the modules of this folder in the place
 * of some of the service's, so that its real commands run with a cheap engine more and, where asked
 * for, with a planted fault. Nothing in the service knows of it.
 */
import { registerHooks } from 'node:module';

const DATABASE = { '/src/db/open.ts': './open.ts' } as const;
/** What a fault needs, by its name. */
const PLANTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'no-lease-check': DATABASE,
  'canceled-too-early': DATABASE,
  'lost-transition': DATABASE,
  'paused-in-name-only': { '/src/executors/local/local-executor.ts': './local-executor.ts' },
  'kept-storage': { '/src/storage/local.ts': './local-storage.ts' },
};

const SUBSTITUTES: Readonly<Record<string, string>> = {
  '/src/engines/registry.ts': './registry.ts',
  '/src/executors/fake/fake-executor.ts': './fake-executor.ts',
  ...PLANTED[process.env.CHAOS_PLANT ?? ''],
};

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const isAskedByUs = context.parentURL?.includes('/chaos/substitutes/') === true;
    const found = Object.entries(SUBSTITUTES).find(([path]) => resolved.url.endsWith(path));
    if (found === undefined || isAskedByUs) return resolved;
    return { ...resolved, url: new URL(found[1], import.meta.url).href };
  },
});
