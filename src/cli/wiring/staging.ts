import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { ConfigError, type Config } from '../../config.ts';
import { createAddressGuard, type AddressGuard } from '../../staging/address-guard.ts';
import { throughCache } from '../../staging/cache/through-cache.ts';
import { createStaging } from '../../staging/create-staging.ts';
import { fromSource } from '../../staging/from-source.ts';
import { createHttpProtocol } from '../../staging/http.ts';
import type { Opener } from '../../staging/protocol.ts';
import { joinProtocols, type Protocols } from '../../staging/protocols.ts';
import type { FetchOne, Staging } from '../../staging/staging.ts';
import { isTrsAddress } from '../../staging/trs/trs-address.ts';
import { createTrsSource } from '../../staging/trs/trs-source.ts';
import { createWeb } from '../../staging/web.ts';
import {
  hostsFor,
  originsFor,
  PROTOCOL_SCHEMES,
  protocolsFor,
  type ProtocolConfig,
} from './staging-protocols.ts';

type StagingConfig = Pick<
  Config,
  | 'stagingAllowedNetworks'
  | 'stagingCacheDir'
  | 'stagingCacheSize'
  | 'stagingConnectTimeout'
  | 'stagingIdleTimeout'
  | 'stagingMaxFileSize'
  | 'stagingMaxRunSize'
  | 'stagingParallel'
  | 'workDir'
> &
  ProtocolConfig;

/** Of workflows that are trees of documents. */
const TREE_SCHEMES = ['trs'];

/** Of the addresses that requests may have, here and on the machines of the daemons. */
export function stagedSchemes(): {
  readonly inputSchemes: readonly string[];
  readonly workflowSchemes: readonly string[];
} {
  const inputSchemes = ['http', 'https', ...PROTOCOL_SCHEMES];
  return { inputSchemes, workflowSchemes: [...inputSchemes, ...TREE_SCHEMES] };
}

/** @throws ConfigError for what is no network and no host */
export function stagingFor(config: StagingConfig, logger: Pick<Logger, 'warn'>): Staging {
  const guard = guardFor(config);
  const idleMs = config.stagingIdleTimeout * 1000;
  const web = createWeb({ guard, idleMs, connectMs: config.stagingConnectTimeout * 1000 });
  const hosts = hostsFor(config);
  const protocols: Protocols = joinProtocols([
    createHttpProtocol(web),
    ...protocolsFor(config, {
      ...{ web, guard, hosts, idleMs },
      open: (address, request) => protocols.open(address, request),
    }),
  ]);
  const { stage } = createTrsSource({ web, hosts });
  return createStaging({
    protocols,
    trees: { schemes: TREE_SCHEMES, isAddress: isTrsAddress, stage },
    fetchOne: fetcherFor(config, protocols.open, logger),
    parallel: config.stagingParallel,
    mostRunBytes: config.stagingMaxRunSize,
    close: () => web.close(),
  });
}

function fetcherFor(config: StagingConfig, open: Opener, logger: Pick<Logger, 'warn'>): FetchOne {
  const { stagingCacheDir, stagingCacheSize, stagingMaxFileSize, workDir } = config;
  const source = { open, mostFileBytes: stagingMaxFileSize };
  if (stagingCacheSize === 0) return fromSource(source);
  return throughCache({
    ...source,
    root: resolve(stagingCacheDir ?? join(workDir, '.inputs')),
    mostBytes: stagingCacheSize,
    onProblem: (error) => logger.warn({ err: error }, 'input cache not usable'),
  });
}

function guardFor(config: StagingConfig): AddressGuard {
  try {
    return createAddressGuard(config.stagingAllowedNetworks, { origins: originsFor(config) });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`STAGING_ALLOWED_NETWORKS: ${problem}`]);
  }
}
