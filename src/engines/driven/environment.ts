import { RUN_MARKER } from '../../runs/command.ts';
import type { EngineContext } from '../engine.ts';

/**
 * The environment that every engine gets: a home and a temporary directory of the run's own, and what
 * the operator lets through.
 */
export function runEnvironment({
  directory,
  runId,
  searchPath,
  environment,
}: Pick<EngineContext, 'directory' | 'runId' | 'searchPath' | 'environment'>): Record<
  string,
  string
> {
  return {
    ...environment,
    PATH: searchPath,
    HOME: directory.home,
    TMPDIR: directory.temporary,
    [RUN_MARKER]: runId,
    LANG: 'C.UTF-8',
  };
}
