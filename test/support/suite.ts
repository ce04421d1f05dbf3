import { appendFileSync } from 'node:fs';
import { describe } from 'vitest';

/**
 * A suite that needs something the machine may lack. With `missing` it is skipped and the reason is
 * printed, at once and again at the end of `npm test`; under REQUIRE_ALL=1 (as in CI) a missing thing
 * is a failure, unless it is `extra`: nothing that could be installed.
 */
export function describeWith(
  name: string,
  missing: string | undefined,
  suite: () => void,
  { extra = false }: { readonly extra?: boolean } = {},
): void {
  if (missing === undefined) {
    describe(name, suite);
    return;
  }
  if (process.env.REQUIRE_ALL === '1' && !extra) {
    throw new Error(`${name} can't run here: ${missing}`);
  }
  process.stderr.write(`SKIPPED ${name}: ${missing}\n`);
  const collected = process.env.SKIPPED_SUITES_FILE;
  if (collected !== undefined) appendFileSync(collected, `${name}: ${missing}\n`);
  describe.skip(`${name} (skipped: ${missing})`, suite);
}
