import { RUN_MARKER } from '../../runs/command.ts';
import type { EngineContext } from '../engine.ts';

/** The environment that every engine gets: a home and a temporary directory of the run's own. */
export function runEnvironment({
  directory,
  runId,
  searchPath,
}: Pick<EngineContext, 'directory' | 'runId' | 'searchPath'>): Record<string, string> {
  return {
    PATH: searchPath,
    HOME: directory.home,
    TMPDIR: directory.temporary,
    [RUN_MARKER]: runId,
    LANG: 'C.UTF-8',
  };
}
