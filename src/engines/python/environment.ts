import { runEnvironment } from '../driven/environment.ts';

export const PYTHON_SETTINGS = {
  PYTHONUTF8: '1',
  PYTHONNOUSERSITE: '1',
  PYTHONDONTWRITEBYTECODE: '1', // a driver's directory belongs to the installation
  PYTHONUNBUFFERED: '1',
};

/** The environment of an engine that is written in Python. */
export function pythonEnvironment(
  context: Parameters<typeof runEnvironment>[0],
): Record<string, string> {
  return { ...runEnvironment(context), ...PYTHON_SETTINGS };
}
