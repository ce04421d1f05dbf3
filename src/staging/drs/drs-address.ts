import { FetchError } from '../protocol.ts';

/** Where an object is asked for: at a server that is named, or at one that a registry of prefixes knows. */
export type DrsAddress =
  | { readonly kind: 'host'; readonly host: string; readonly id: string }
  | { readonly kind: 'compact'; readonly prefix: string; readonly accession: string };

const HOST = /^drs:\/\/([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)\/([^/].*)$/i;
/** DRS 1.5, "Compact Identifier-based DRS URIs": `[provider_code/]namespace:accession`. */
const COMPACT = /^drs:\/\/((?:[a-z0-9._]+\/)?[a-z0-9._]+):([^\s]+)$/i;
/** A namespace may have dots too, but what follows it is seldom a number and a slash. */
const PORT = /^drs:\/\/(?:localhost|[^/:]+\.[^/:]+):\d{1,5}\//i;

/** @throws FetchError */
export function parseDrsAddress(address: string): DrsAddress {
  if (PORT.test(address)) {
    throw new FetchError('an address of DRS has no port: it is always that of https', false);
  }
  // A colon tells the forms apart: in the id of a named server it is percent-encoded.
  const [, host, id] = address.slice('drs:'.length).includes(':') ? [] : (HOST.exec(address) ?? []);
  if (host !== undefined && id !== undefined && URL.canParse(`https://${host}`))
    return { kind: 'host', host, id: decoded(id) };
  const [, prefix, accession] = COMPACT.exec(address) ?? [];
  if (prefix === undefined || accession === undefined) {
    throw new FetchError(
      'it has neither the form drs://host/id nor drs://prefix:accession of DRS',
      false,
    );
  }
  return { kind: 'compact', prefix, accession: decoded(accession) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new FetchError('it has a % that begins no character: write it as %25', false);
  }
}
