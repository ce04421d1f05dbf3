import type { InstalledEngine } from '../../engines/detect.ts';
import type { EngineInstallation } from '../../engines/engine.ts';
import { startWarmServers, type WarmServers } from './warm-servers.ts';

/** Warm servers of which each is started when it is first asked for. */
export interface WarmServersOnDemand {
  /** Undefined for an installation that has none. What is started with the address before it listens starts cold. */
  addressOf(engine: InstalledEngine, installation: EngineInstallation): string | undefined;
  stop(): Promise<void>;
}

export function warmServersOnDemand(
  options: Parameters<typeof startWarmServers>[1],
): WarmServersOnDemand {
  const started = new Map<string, WarmServers>();
  return {
    addressOf: (installed, installation) => {
      const { name } = installed.engine;
      const servers = started.get(name) ?? startWarmServers([installed], options);
      started.set(name, servers);
      return servers.addresses.get(installation);
    },
    stop: async () => {
      await Promise.all([...started.values()].map((servers) => servers.stop()));
    },
  };
}
