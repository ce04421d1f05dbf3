'use strict';
/**
 * `npm test`: makes a bare clone ready and runs every suite that this machine can run; what it can't
 * run is listed with the reason at the end. `npm test -- FILE …` runs some files only.
 */
const { mkdtempSync, readFileSync, existsSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { prepare } = require('./prepare.cjs');
const { runChild } = require('./run-child.cjs');

const startedAt = Date.now();

async function main() {
  const { root, node, environment } = await prepare();
  const reports = mkdtempSync(path.join(os.tmpdir(), 'wes-test-report-'));
  process.once('exit', () => rmSync(reports, { recursive: true, force: true }));
  const resultFile = path.join(reports, 'result.json');
  const skippedFile = path.join(reports, 'skipped.txt');

  const wanted = process.argv.slice(2);
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${resultFile}`];
  const coverage = wanted.length === 0 ? ['--coverage'] : [];
  const args = [vitest, 'run'].concat(reporters, coverage, wanted);
  const status = await runChild(node, args, {
    cwd: root,
    env: Object.assign({}, environment, { SKIPPED_SUITES_FILE: skippedFile }),
  });

  if (existsSync(skippedFile)) tellSkipped(readFileSync(skippedFile, 'utf8'));
  console.log(`\nnpm test took ${Math.round((Date.now() - startedAt) / 1000)} s.`);
  if (existsSync(resultFile)) tellCounts(JSON.parse(readFileSync(resultFile, 'utf8')));
  process.exitCode = status;
}

function tellSkipped(reasons) {
  console.log('\nSkipped suites, and why:');
  for (const line of Array.from(new Set(reasons.trim().split('\n')))) console.log(`  ${line}`);
}

/** A file that could not even be loaded has no test that failed: it counts as one. */
function tellCounts({ numPassedTests, numFailedTests, numPendingTests, testResults }) {
  const unloaded = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const failed = numFailedTests + unloaded.length;
  console.log(`${numPassedTests} passed, ${failed} failed, ${numPendingTests} skipped`);
}

void main();
