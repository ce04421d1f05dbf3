/** A database URL as it may stand in logs: without its password, and without what follows `?`. */
export function redactUrl(url: string): string {
  return url
    .replace(/^([a-z0-9+]+:\/\/[^:@/?#]*):.*@/i, '$1:***@')
    .replace(/^((?!sqlite)[^?#]*)[?#].*$/i, '$1');
}
