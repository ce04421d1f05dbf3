import type { PythonPackage } from '../python/detect.ts';

export const TOIL_PACKAGE: PythonPackage = {
  engine: 'toil',
  distribution: 'toil',
  modules: ['toil.worker', 'toil.cwl.cwltoil', 'toil.wdl.wdltoil'],
  program: 'toil-cwl-runner',
};
