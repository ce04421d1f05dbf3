import type { PythonPackage } from '../python/detect.ts';

export const SNAKEMAKE_PACKAGE: PythonPackage = {
  engine: 'snakemake',
  distribution: 'snakemake',
  // In version 9 most others can't be the first that is loaded.
  modules: ['snakemake', 'snakemake.jobs', 'snakemake.script'],
  program: 'snakemake',
};
