import { schemeOf } from '../runs/address-scheme.ts';
import { FetchError, type Opener, type Protocol } from './protocol.ts';

export interface Protocols {
  /** Lower case. */
  readonly schemes: readonly string[];
  /** For addresses of any of them. */
  readonly open: Opener;
}

/** One opener for all. */
export function joinProtocols(protocols: readonly Protocol[]): Protocols {
  const byScheme = new Map(
    protocols.flatMap((protocol) => protocol.schemes.map((scheme) => [scheme, protocol] as const)),
  );
  return {
    schemes: [...byScheme.keys()],
    open: async (address, request) => {
      const scheme = schemeOf(address) ?? '';
      const protocol = byScheme.get(scheme);
      if (protocol) return await protocol.open(address, request);
      const known = [...byScheme.keys()].join(', ');
      throw new FetchError(`this service fetches nothing by '${scheme}'; it has ${known}`, false);
    },
  };
}
