import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { EngineInstallation } from '../../src/engines/engine.ts';
import type { Contender } from './measure.ts';
import { endedChildrenSeconds } from './processor-time.ts';

const run = promisify(execFile);

/** `cwltool` as somebody would start it in a shell, with the same Python and the same options. */
export function byHand({ launcher }: EngineInstallation, directory: string): Contender {
  const [program = '', ...words] = launcher;
  return {
    execute: async ({ path }) => {
      const place = await mkdtemp(join(directory, 'by-hand-'));
      const options = ['--no-container', '--parallel', '--outdir', place, path];
      await run(program, [...words, '-m', 'cwltool', ...options]);
      await rm(place, { recursive: true });
    },
    processorSeconds: endedChildrenSeconds,
  };
}
