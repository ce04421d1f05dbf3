import { CWLTOOL_PACKAGE } from '../../engines/cwltool/package.ts';
import { MINIWDL_PACKAGE } from '../../engines/miniwdl/package.ts';
import { TOIL_PACKAGE } from '../../engines/toil/package.ts';
import { SNAKEMAKE_PACKAGE } from '../../engines/snakemake/package.ts';
import {
  findOrInstall,
  type EngineRecipe,
  type InstallOptions,
  type InstallResult,
} from './find-or-install.ts';
import { NEXTFLOW_RECIPE } from './install-nextflow.ts';
import { pythonRecipe } from './install-python-engine.ts';

/** How each engine is installed, with what was tested; the usual ones first. */
const RECIPES: readonly EngineRecipe[] = [
  pythonRecipe({
    package: CWLTOOL_PACKAGE,
    requirements: [['cwltool==3.3.20260925135507'], ['cwltool==3.1.20251031082601']],
    systemPackage: 'cwltool',
  }),
  pythonRecipe({ package: MINIWDL_PACKAGE, requirements: [['miniwdl==1.15.0']] }),
  NEXTFLOW_RECIPE,
  pythonRecipe({
    package: SNAKEMAKE_PACKAGE,
    requirements: [['snakemake==9.27.1'], ['snakemake==7.32.4', 'pulp==2.7.0']],
    systemPackage: 'snakemake',
  }),
  // What Toil runs documents with is held to as well: its own requirements leave them open.
  pythonRecipe({
    package: TOIL_PACKAGE,
    requirements: [['toil[cwl,wdl]==9.6.0', 'cwltool==3.3.20260925135507', 'miniwdl==1.15.0']],
  }),
];

export const INSTALLABLE_ENGINES: readonly string[] = RECIPES.map(({ engine }) => engine);

/**
 * Finds an engine on this machine or installs it; the result is undefined when nothing worked.
 * @throws Error for a name that is not among INSTALLABLE_ENGINES
 */
export async function installEngine(name: string, options: InstallOptions): Promise<InstallResult> {
  const recipe = RECIPES.find(({ engine }) => engine === name);
  if (recipe === undefined) throw new Error(`the engine ${name} can't be installed`);
  return findOrInstall(recipe, options);
}
