/** Query parameters that let their bearer in: tokens, and the signatures of addresses that were signed in advance. */
const SECRET_PARAMETER = /signature|token|credential|secret|passw|api[-_]?key|^sig$|accesskey/i;

/** An address as it may be published: without the credentials that it may have in it. Other text is left as it is. */
export function publicAddress(address: string): string {
  const url = URL.parse(address);
  if (url === null) return address;
  const secrets = [...url.searchParams.keys()].filter((name) => SECRET_PARAMETER.test(name));
  if (url.username === '' && url.password === '' && secrets.length === 0) return url.href;
  url.username = '';
  url.password = '';
  for (const name of secrets) url.searchParams.delete(name);
  return url.href;
}

/** True for `https://…`, `s3://…` and their like. */
export function isAddress(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(text) && URL.canParse(text);
}
