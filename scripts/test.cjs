'use strict';
/**
 * `npm test`: makes a bare clone ready and runs every suite that this machine can run; what it can't
 * run is listed with the reason at the end. `npm test -- FILE …` runs some files only.
 */
const { spawnSync } = require('node:child_process');
const { mkdtempSync, readFileSync, existsSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { prepare } = require('./prepare.cjs');

const startedAt = Date.now();
const { root, node, environment } = prepare();
const reports = mkdtempSync(path.join(os.tmpdir(), 'wes-test-report-'));
const resultFile = path.join(reports, 'result.json');
const skippedFile = path.join(reports, 'skipped.txt');

const wanted = process.argv.slice(2);
const options = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${resultFile}`];
if (wanted.length === 0) options.push('--coverage');

const vitest = spawnSync(
  node,
  [path.join(root, 'node_modules', 'vitest', 'vitest.mjs')].concat(options, wanted),
  {
    cwd: root,
    env: Object.assign({}, environment, { SKIPPED_SUITES_FILE: skippedFile }),
    stdio: 'inherit',
  },
);

if (existsSync(skippedFile)) {
  console.log('\nSkipped suites, and why:');
  const lines = readFileSync(skippedFile, 'utf8').trim().split('\n');
  for (const line of Array.from(new Set(lines))) console.log(`  ${line}`);
}
console.log(`\nnpm test took ${Math.round((Date.now() - startedAt) / 1000)} s.`);
if (existsSync(resultFile)) {
  const result = JSON.parse(readFileSync(resultFile, 'utf8'));
  console.log(
    `${result.numPassedTests} passed, ${result.numFailedTests} failed, ${result.numPendingTests} skipped`,
  );
}
rmSync(reports, { recursive: true, force: true });
process.exit(vitest.status === null ? 1 : vitest.status);
