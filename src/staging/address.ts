/** For messages and logs: without user, password and the query, which may be a signature. */
export function redacted(address: string): string {
  const [whole = ''] = address.split('#');
  const at = whole.indexOf('?');
  return withoutUserInfo(at === -1 ? whole : `${whole.slice(0, at)}?…`);
}

/** Without the name and password that may stand before its host. */
export function withoutUserInfo(address: string): string {
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1');
}

/** What the file is called by its address; undefined when that says nothing. */
export function nameIn(address: string): string | undefined {
  const [place = ''] = address.split(/[?#]/);
  const last = place.slice(place.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(last) || undefined;
  } catch {
    return last || undefined;
  }
}

/** Those with the same lie in one directory. */
export function parentOf(address: string): string {
  const [place = ''] = address.split(/[?#]/);
  return place.slice(0, place.lastIndexOf('/') + 1);
}
