'use strict';
/** `npm run quickstart`: makes a bare clone ready, builds it and hands over to quickstart.mts. */
const { spawn, spawnSync } = require('node:child_process');
const path = require('node:path');
const { prepare } = require('./prepare.cjs');

const startedAt = Date.now();
const { root, node, environment } = prepare();

const build = spawnSync(node, [path.join(root, 'scripts', 'build.mjs')], {
  cwd: root,
  env: environment,
  stdio: 'inherit',
});
if (build.status !== 0) process.exit(build.status || 1);

const tour = spawn(node, [path.join(root, 'scripts', 'quickstart.mjs')], {
  cwd: root,
  env: Object.assign({}, environment, { QUICKSTART_STARTED_AT: String(startedAt) }),
  stdio: 'inherit',
});
// Ctrl-C reaches the whole foreground group by itself; a signal sent to this process alone is passed on.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => tour.kill('SIGTERM'));
tour.on('exit', (code, signal) => process.exit(signal ? 1 : code));
