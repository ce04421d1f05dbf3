import type { EngineOffer } from '../runs/engine-catalog.ts';
import type { Engine, EngineInstallation, EnginePlaces, Probe } from './engine.ts';

export interface InstalledEngine {
  readonly engine: Engine;
  /** Newest first; at least one. */
  readonly installations: readonly EngineInstallation[];
}

/** The engines that are installed on this machine, in the order of `engines`. */
export async function detectEngines(
  engines: readonly Engine[],
  probe: Probe,
  places: EnginePlaces,
): Promise<readonly InstalledEngine[]> {
  const detected = await Promise.all(
    engines.map(async (engine) => ({ engine, installations: await engine.detect(probe, places) })),
  );
  return detected.filter(({ installations }) => installations.length > 0);
}

/** What installed engines offer to clients. */
export function offersOf(installed: readonly InstalledEngine[]): readonly EngineOffer[] {
  return installed.map(({ engine, installations }) => ({
    engine: engine.name,
    versions: [...new Set(installations.map(({ version }) => version))],
    workflowTypes: spokenBy(engine, installations),
    parameters: engine.parameters,
  }));
}

function spokenBy(
  engine: Engine,
  installations: readonly EngineInstallation[],
): Engine['workflowTypes'] {
  const isSpoken = (type: string, version: string): boolean =>
    installations.some((one) => engine.speaks?.(one, type, version) ?? true);
  const spoken = Object.entries(engine.workflowTypes).map(
    ([type, versions]) => [type, versions.filter((version) => isSpoken(type, version))] as const,
  );
  return Object.fromEntries(spoken.filter(([, versions]) => versions.length > 0));
}
