import { lookup as lookUp } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { FetchError } from './protocol.ts';
import { asFetchError } from './web-errors.ts';

/*
 * What requests of users may reach. The service stands in a network in which much trusts whoever gets that
 * far: other services on loopback, the metadata of cloud machines, consoles of devices.
 */

/** Special-purpose addresses by IANA's registry, and those of groups. */
const SPECIAL_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // Answered within the machines of a cloud.
  ['168.63.129.16', 32],
];

/** All but 2000::/3, the global ones, and within that those that stand for IPv4 addresses or for nothing. */
const SPECIAL_V6: readonly (readonly [string, number])[] = [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

export interface AddressGuard {
  /** Resolves like the system does and leaves out what may not be reached; for `net.connect` and its like. */
  readonly lookup: LookupFunction;
  /**
   * Looks at a host that is a literal address, for which nothing is looked up; names are looked at by `lookup`.
   * @throws FetchError
   */
  check(host: string): void;
  /**
   * The address to connect to, where that is not left to a `lookup`.
   * @throws FetchError
   */
  resolveHost(host: string): Promise<string>;
  /** True for what the operator named, which may be anywhere. */
  isOpen(origin: string): boolean;
}

/**
 * @param allowed addresses, networks (`10.1.0.0/16`) and names of hosts (`data.example.org`, or
 *   `.example.org` for all below it) that may be reached although they are special
 * @param options.origins schemes, hosts and ports (`http://127.0.0.1:9000`) that may be wherever they are
 * @throws Error for what is none of these
 */
export function createAddressGuard(
  allowed: readonly string[],
  { origins = [] }: { readonly origins?: readonly string[] } = {},
): AddressGuard {
  const special = networksOf(SPECIAL_V4, SPECIAL_V6);
  const { networks, names } = readAllowed(allowed);
  const isAllowed = (address: string): boolean =>
    contains(networks, address) || !contains(special, address);
  const isAllowedName = (host: string): boolean =>
    names.some((name) => (name.startsWith('.') ? host.endsWith(name) : host === name));
  const check = (host: string): void => {
    const address = host.replace(/^\[|\]$/g, '');
    if (isIP(address) !== 0 && !isAllowed(address)) throw refusal(address);
  };
  const lookup: LookupFunction = (host, options, callback) => {
    lookUp(host, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '');
      const name = host.toLowerCase().replace(/\.$/, '');
      const usable = isAllowedName(name)
        ? found
        : found.filter(({ address }) => isAllowed(address));
      const [first] = usable;
      if (!first) return callback(refusal(found[0]?.address ?? host), '');
      if (options.all === true) callback(null, [...usable]);
      else callback(null, first.address, first.family);
    });
  };
  return {
    check,
    lookup,
    resolveHost: (host) => resolveBy(lookup, check, host),
    isOpen: (origin) => origins.includes(origin),
  };
}

async function resolveBy(
  lookup: LookupFunction,
  check: AddressGuard['check'],
  host: string,
): Promise<string> {
  check(host);
  return await new Promise((resolve, reject) => {
    lookup(host, {}, (error, address) => {
      if (error) reject(asFetchError(error));
      else resolve(typeof address === 'string' ? address : (address[0]?.address ?? host));
    });
  });
}

function refusal(address: string): FetchError {
  return new FetchError(
    `${address} is a private or special address, from which this service fetches nothing unless its operator allows it (STAGING_ALLOWED_NETWORKS)`,
    false,
  );
}

/** Apart, because a list with both would take IPv4 addresses for the IPv6 ones that stand for them. */
interface Networks {
  readonly v4: BlockList;
  readonly v6: BlockList;
}

type Subnets = readonly (readonly [string, number])[];

function networksOf(ofV4: Subnets, ofV6: Subnets): Networks {
  const networks = { v4: new BlockList(), v6: new BlockList() };
  for (const [address, bits] of ofV4) networks.v4.addSubnet(address, bits, 'ipv4');
  for (const [address, bits] of ofV6) networks.v6.addSubnet(address, bits, 'ipv6');
  return networks;
}

function contains({ v4, v6 }: Networks, address: string): boolean {
  const [plain = ''] = address.split('%'); // without the zone of a link-local one
  return isIP(plain) === 4 ? v4.check(plain, 'ipv4') : v6.check(plain, 'ipv6');
}

function readAllowed(allowed: readonly string[]): {
  readonly networks: Networks;
  readonly names: readonly string[];
} {
  const names: string[] = [];
  const subnets: { 4: [string, number][]; 6: [string, number][] } = { 4: [], 6: [] };
  for (const entry of allowed) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address);
    if (family === 4 || family === 6) {
      subnets[family].push([address, readBits(entry, bits, family === 4 ? 32 : 128)]);
    } else if (/^\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(entry)) {
      names.push(entry.toLowerCase());
    } else {
      throw new Error(`"${entry}" is neither a network, as 10.1.0.0/16, nor the name of a host`);
    }
  }
  return { networks: networksOf(subnets[4], subnets[6]), names };
}

function readBits(entry: string, bits: string | undefined, most: number): number {
  if (bits === undefined) return most;
  if (/^\d{1,3}$/.test(bits) && Number(bits) <= most) return Number(bits);
  throw new Error(`"${entry}": a network ends with / and a number from 0 to ${most}`);
}
