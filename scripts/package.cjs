'use strict';
/**
 * `npm run package`: makes the tarball that `npm install --global` takes. `npm pack` alone would pack
 * whatever dist/ there is: the project's .npmrc keeps npm from running scripts, its own ones included.
 */
const path = require('node:path');
const { prepare } = require('./prepare.cjs');
const { runChild } = require('./run-child.cjs');

async function main() {
  const { root, node, environment } = await prepare();
  const options = { cwd: root, env: environment };
  const built = await runChild(node, [path.join(root, 'scripts', 'build.mjs')], options);
  if (built !== 0) process.exit(built);
  process.exitCode = await runChild('npm', ['pack'], options);
}

void main();
