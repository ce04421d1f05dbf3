import { ConfigError, type Config } from '../../config.ts';
import { createAddressGuard, type AddressGuard } from '../../staging/address-guard.ts';
import { createStaging } from '../../staging/create-staging.ts';
import { fromSource } from '../../staging/from-source.ts';
import { createHttpProtocol } from '../../staging/http.ts';
import { joinProtocols } from '../../staging/protocols.ts';
import type { Staging } from '../../staging/staging.ts';
import { createWeb } from '../../staging/web.ts';

type StagingConfig = Pick<
  Config,
  | 'stagingAllowedNetworks'
  | 'stagingConnectTimeout'
  | 'stagingIdleTimeout'
  | 'stagingMaxFileSize'
  | 'stagingMaxRunSize'
  | 'stagingParallel'
>;

/** Of the addresses that requests may have, here and on the machines of the daemons. */
export function stagedSchemes(): {
  readonly inputSchemes: readonly string[];
  readonly workflowSchemes: readonly string[];
} {
  const inputSchemes = ['http', 'https'];
  return { inputSchemes, workflowSchemes: inputSchemes };
}

/** @throws ConfigError for what is no network and no host */
export function stagingFor(config: StagingConfig): Staging {
  const web = createWeb({
    guard: guardFor(config),
    connectMs: config.stagingConnectTimeout * 1000,
    idleMs: config.stagingIdleTimeout * 1000,
  });
  const protocols = joinProtocols([createHttpProtocol(web)]);
  return createStaging({
    protocols,
    fetchOne: fromSource({ open: protocols.open, mostFileBytes: config.stagingMaxFileSize }),
    parallel: config.stagingParallel,
    mostRunBytes: config.stagingMaxRunSize,
    close: () => web.close(),
  });
}

function guardFor({ stagingAllowedNetworks }: StagingConfig): AddressGuard {
  try {
    return createAddressGuard(stagingAllowedNetworks);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`STAGING_ALLOWED_NETWORKS: ${problem}`]);
  }
}
