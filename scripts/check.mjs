/** `npm run check`: every gate of the project, one after the other; stops at the first that fails. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);

/** Name of the gate → command; `--static` leaves out the tests. */
const GATES = {
  types: [bin('tsc'), '--noEmit', '-p', '.'],
  lint: [bin('oxlint'), '--type-aware', '--deny-warnings'],
  format: [bin('prettier'), '--check', '--log-level=warn', '.'],
  walls: [bin('depcruise'), '--config', '.dependency-cruiser.mjs', 'src'],
  'dead code': [bin('knip')],
  'generated files': [process.execPath, 'scripts/generate.mts', '--check'],
  tests: [process.execPath, 'scripts/test.cjs'],
};

const staticOnly = process.argv.includes('--static');
for (const [name, [command, ...args]] of Object.entries(GATES)) {
  if (staticOnly && name === 'tests') continue;
  const startedAt = Date.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  const took = `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
  if (status !== 0) {
    console.error(`check: ${name} failed after ${took}`);
    process.exit(1);
  }
  console.log(`check: ${name} passed in ${took}`);
}
