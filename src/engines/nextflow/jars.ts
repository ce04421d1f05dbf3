import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const MAIN_CLASS = 'nextflow.cli.Launcher';

/** Files beside the driver that are not TypeScript. */
export const OBSERVER_SOURCE = fileURLToPath(
  new URL('./driver/TaskEvents.groovy', import.meta.url),
);
export const OBSERVER_COMPILER = fileURLToPath(
  new URL('./driver/compile-observer.nf', import.meta.url),
);

/** A private installation is a directory with jars in `lib`, started by any Java that is new enough. */
export function privateLauncher(java: string, directory: string): readonly string[] {
  return [java, '-cp', join(directory, 'lib', '*'), MAIN_CLASS];
}

/** The directory of a private installation; undefined for a program of the machine's. */
export function privateDirectory(launcher: readonly string[]): string | undefined {
  const [, option, classPath] = launcher;
  return option === '-cp' && classPath !== undefined ? dirname(dirname(classPath)) : undefined;
}

/**
 * Where an installation keeps the observer compiled: named after its source, since a later version of
 * this service may come with another one.
 */
export function observerPlace(directory: string): string {
  const digest = createHash('sha256').update(readFileSync(OBSERVER_SOURCE)).digest('hex');
  return join(directory, `observer-${digest.slice(0, 12)}`);
}

export function isCompiledObserver(place: string): boolean {
  return existsSync(join(place, 'META-INF', 'extensions.idx'));
}
