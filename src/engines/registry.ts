import { createCwltoolEngine } from './cwltool/engine.ts';
import { createMiniwdlEngine } from './miniwdl/engine.ts';
import { createNextflowEngine } from './nextflow/engine.ts';
import { createToilEngine } from './toil/engine.ts';
import { createSnakemakeEngine } from './snakemake/engine.ts';
import type { Engine } from './engine.ts';

/** The engines that the service knows, the preferred one for a language first. */
export function createEngines(): readonly Engine[] {
  return [
    createCwltoolEngine(),
    createMiniwdlEngine(),
    createNextflowEngine(),
    createSnakemakeEngine(),
    createToilEngine(),
  ];
}
