import type { Config } from '../../config.ts';
import { createEngineCatalog } from '../../engines/catalog.ts';
import { detectEngines, offersOf, type InstalledEngine } from '../../engines/detect.ts';
import type { Engine } from '../../engines/engine.ts';
import { createFakeEngine } from '../../engines/fake.ts';
import { createEngines } from '../../engines/registry.ts';
import type { Executor } from '../../executors/executor.ts';
import { createFakeExecutor } from '../../executors/fake/fake-executor.ts';
import { createLocalExecutor } from '../../executors/local/local-executor.ts';
import type { DaemonRegistry } from '../../runs/daemon-registry.ts';
import type { EngineCatalog } from '../../runs/engine-catalog.ts';
import { createProbe } from '../engines/probe.ts';
import { stagedSchemes } from './staging.ts';

type EngineConfig = Pick<Config, 'executor' | 'engineInstallDir' | 'allowedFileRoots'>;

/** The engines that the configured executor can run. */
function enginesFor(config: Pick<Config, 'executor'>): readonly Engine[] {
  return config.executor === 'fake' ? [createFakeEngine()] : createEngines();
}

export function createExecutor(config: Pick<Config, 'executor'>): Executor {
  return config.executor === 'fake' ? createFakeExecutor() : createLocalExecutor();
}

/** The engines that are installed on this machine. */
export async function detectInstalled(
  config: Pick<Config, 'executor' | 'engineInstallDir'>,
): Promise<readonly InstalledEngine[]> {
  return await detectEngines(enginesFor(config), createProbe(), {
    installRoot: config.engineInstallDir,
  });
}

/**
 * What the deployment offers: what daemons registered and what is installed here. Looking for the
 * latter takes a moment and begins at once, so that the first request need not wait for all of it.
 */
export function createCatalog(config: EngineConfig, daemons: DaemonRegistry): LocalCatalog {
  const installed = detectInstalled(config);
  // Whoever asks gets the failure; until then it is not unhandled.
  installed.catch(() => undefined);
  const catalog = createEngineCatalog({
    engines: enginesFor(config),
    localOffers: async () => offersOf(await installed),
    daemons,
    limits: { allowedFileRoots: config.allowedFileRoots, ...stagedSchemes() },
  });
  return { catalog, installed: () => installed };
}

export interface LocalCatalog {
  readonly catalog: EngineCatalog;
  /** The engines of this machine. */
  readonly installed: () => Promise<readonly InstalledEngine[]>;
}
