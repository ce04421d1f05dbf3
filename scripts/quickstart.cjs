'use strict';
/** `npm run quickstart`: makes a bare clone ready, builds it and hands over to quickstart.mjs. */
const path = require('node:path');
const { prepare } = require('./prepare.cjs');
const { runChild } = require('./run-child.cjs');

const startedAt = Date.now();

async function main() {
  const { root, node, environment } = await prepare();
  const script = (name) => [path.join(root, 'scripts', name)];

  const built = await runChild(node, script('build.mjs'), { cwd: root, env: environment });
  if (built !== 0) process.exit(built);

  process.exitCode = await runChild(node, script('quickstart.mjs'), {
    cwd: root,
    env: Object.assign({}, environment, { QUICKSTART_STARTED_AT: String(startedAt) }),
    // The channel closes when this process is gone, however it ended: then the tour stops as well.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
}

void main();
