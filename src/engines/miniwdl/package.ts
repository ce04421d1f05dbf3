import type { PythonPackage } from '../python/detect.ts';

export const MINIWDL_PACKAGE: PythonPackage = {
  engine: 'miniwdl',
  distribution: 'miniwdl',
  modules: ['WDL', 'WDL.runtime', 'WDL.runtime.task_container'],
  program: 'miniwdl',
};
