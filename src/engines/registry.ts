import { createCwltoolEngine, type CwltoolOptions } from './cwltool/engine.ts';
import { createMiniwdlEngine } from './miniwdl/engine.ts';
import type { Engine } from './engine.ts';

export interface EngineOptions {
  readonly cwltool?: CwltoolOptions;
}

/** The engines that the service knows, the preferred one for a language first. */
export function createEngines(options: EngineOptions = {}): readonly Engine[] {
  return [createCwltoolEngine(options.cwltool), createMiniwdlEngine()];
}
