/** Builds dist/: JavaScript from src/, and the files that are not TypeScript beside them. */
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { extname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const startedAt = Date.now();

rmSync(join(root, 'dist'), { recursive: true, force: true });
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const compiled = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

cpSync(join(root, 'src'), join(root, 'dist'), {
  recursive: true,
  filter: (source) =>
    !source.includes('__pycache__') &&
    (['', '.py', '.groovy', '.nf', '.dist-info'].includes(extname(source)) ||
      source.includes('.dist-info/')),
});
console.log(`Built dist/ in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
