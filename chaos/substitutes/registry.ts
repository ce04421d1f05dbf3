import { createFakeEngine } from '../../src/engines/fake.ts';
import { createEngines as createRealEngines } from '../../src/engines/registry.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { createShellEngine } from '../../test/support/shell-engine.ts';

/** The real engines and the shell, whose runs are real processes at a small price; the API offers the fake ones too. */
export function createEngines(): readonly Engine[] {
  const real = [...createRealEngines(), createShellEngine()];
  return process.env.CHAOS_PART === 'api' ? [...real, createFakeEngine()] : real;
}
