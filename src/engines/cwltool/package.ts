import type { PythonPackage } from '../python/detect.ts';

export const CWLTOOL_PACKAGE: PythonPackage = {
  engine: 'cwltool',
  distribution: 'cwltool',
  modules: ['cwltool.main', 'cwltool.executors'],
  program: 'cwltool',
};
