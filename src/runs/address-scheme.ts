/** Lower case; undefined for what has none, as a path. */
export function schemeOf(address: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):/i.exec(address)?.[1]?.toLowerCase();
}

/** What every deployment fetches, and engines themselves can. */
export const WEB_SCHEMES: readonly string[] = ['http', 'https'];
