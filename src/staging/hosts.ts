/** What operators say of single hosts, for the services that answer under a name: DRS and TRS. */
export interface Hosts {
  /** Scheme, host and port, without a slash at the end: `https://HOST` unless the operator names another. */
  baseOf(host: string): string;
  /** The same address below the base of its host. */
  based(url: string): string;
  /** What is sent to it as `Authorization: Bearer`. */
  tokenOf(host: string): string | undefined;
}

/**
 * @param bases of `host=http://127.0.0.1:1234`
 * @param tokens of `host=token`
 * @throws Error that names what is wrong, without a token
 */
export function createHosts(bases: readonly string[], tokens: readonly string[]): Hosts {
  const baseByHost = new Map(bases.map((text) => parseBase(text)));
  const tokenByHost = new Map(tokens.map((text) => parseToken(text)));
  const baseOf = (host: string) => baseByHost.get(host.toLowerCase()) ?? `https://${host}`;
  return {
    baseOf,
    based: (url) => {
      const { host, origin, href } = new URL(url);
      return baseByHost.has(host) ? baseOf(host) + href.slice(origin.length) : href;
    },
    tokenOf: (host) => tokenByHost.get(host.toLowerCase()),
  };
}

function parseBase(text: string): readonly [string, string] {
  const [host, base] = halves(text);
  if (host === '' || !URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw new Error(`STAGING_HOSTS has '${text}', but takes host=http://address, say`);
  }
  return [host, base.replace(/\/+$/, '')];
}

function parseToken(text: string): readonly [string, string] {
  const [host, token] = halves(text);
  if (host === '' || token === '') {
    throw new Error(`STAGING_TOKENS has an entry that is not host=token`);
  }
  return [host, token];
}

/** A token may have `=` at its end. */
function halves(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return at === -1 ? ['', ''] : [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
}

export function authorization(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
