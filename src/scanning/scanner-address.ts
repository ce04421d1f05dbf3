/** Where a clamd listens. */
export type ScannerAddress =
  { readonly host: string; readonly port: number } | { readonly path: string };

const CLAMD_PORT = 3310;

/** Reads `clamd://host:port` or `clamd+unix:///path`; undefined when it is neither. */
export function parseScannerAddress(text: string): ScannerAddress | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== '' || url.search !== '' || url.hash !== '') {
    return undefined;
  }
  if (url.protocol === 'clamd+unix:') {
    const path = decodeURIComponent(url.pathname);
    return url.host === '' && path.length > 1 ? { path } : undefined;
  }
  const isRoot = url.pathname === '' || url.pathname === '/';
  if (url.protocol !== 'clamd:' || url.hostname === '' || !isRoot) return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: url.port === '' ? CLAMD_PORT : Number(url.port) };
}
