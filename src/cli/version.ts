import { readFileSync } from 'node:fs';

/** The version of this package, as its package.json says; `src/` and `dist/` are equally deep. */
export function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const hasVersion = typeof content === 'object' && content !== null && 'version' in content;
  return hasVersion && typeof content.version === 'string' ? content.version : '0.0.0';
}
