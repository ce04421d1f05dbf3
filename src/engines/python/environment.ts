import { runEnvironment } from '../driven/environment.ts';
import type { EngineContext } from '../engine.ts';

/** The environment of an engine that is written in Python. */
export function pythonEnvironment(context: EngineContext): Record<string, string> {
  return {
    ...runEnvironment(context),
    PYTHONUTF8: '1',
    PYTHONNOUSERSITE: '1',
    PYTHONDONTWRITEBYTECODE: '1', // a driver's directory belongs to the installation
    PYTHONUNBUFFERED: '1',
  };
}
