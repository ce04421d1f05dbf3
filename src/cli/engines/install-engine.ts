import { CWLTOOL_PACKAGE } from '../../engines/cwltool/package.ts';
import { MINIWDL_PACKAGE } from '../../engines/miniwdl/package.ts';
import {
  installPythonEngine,
  type InstallOptions,
  type InstallResult,
  type PythonRecipe,
} from './install-python-engine.ts';

/** Engines that are packages of Python, with what was tested. */
const PYTHON_RECIPES: readonly PythonRecipe[] = [
  {
    package: CWLTOOL_PACKAGE,
    requirements: [['cwltool==3.3.20260925135507'], ['cwltool==3.1.20251031082601']],
    systemPackage: 'cwltool',
  },
  { package: MINIWDL_PACKAGE, requirements: [['miniwdl==1.15.0']] },
];

type Installer = (options: InstallOptions) => Promise<InstallResult>;

const INSTALLERS: ReadonlyMap<string, Installer> = new Map(
  PYTHON_RECIPES.map((recipe) => [
    recipe.package.engine,
    (options) => installPythonEngine(recipe, options),
  ]),
);

/** Names of the engines that can be installed, the usual ones first. */
export const INSTALLABLE_ENGINES: readonly string[] = [...INSTALLERS.keys()];

/**
 * Finds an engine on this machine or installs it; the result is undefined when nothing worked.
 * @throws Error for a name that is not among INSTALLABLE_ENGINES
 */
export async function installEngine(name: string, options: InstallOptions): Promise<InstallResult> {
  const install = INSTALLERS.get(name);
  if (install === undefined) throw new Error(`the engine ${name} can't be installed`);
  return install(options);
}
