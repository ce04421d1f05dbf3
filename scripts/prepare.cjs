'use strict';
/**
 * First step of the commands that must work from a bare clone, on any Node and with nothing installed:
 * installs the packages of the lock file when they are not there, and finds a Node that is new enough.
 * CommonJS in old syntax, because it is read by whatever Node the machine has.
 */
const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { runChild } = require('./run-child.cjs');

const root = path.join(__dirname, '..');

/** Path below node_modules → what a lock file says about the package that is there. */
function readLockFile(...names) {
  const file = path.join(root, ...names);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {};
}

/** npm leaves a lock file of what it installed when it is done; other platforms' packages are not in it. */
function isInstalled() {
  const installed = readLockFile('node_modules', '.package-lock.json');
  return Object.entries(readLockFile('package-lock.json')).every(([name, wanted]) => {
    if (name === '') return true;
    if (installed[name] === undefined) return wanted.optional === true;
    return installed[name].version === wanted.version;
  });
}

async function installPackages() {
  if (isInstalled()) return;
  console.log('Installing the packages of package-lock.json …');
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  if ((await runChild('npm', args, { cwd: root })) !== 0) {
    console.error('npm ci failed: see above. Is the npm registry reachable from this machine?');
    process.exit(1);
  }
}

function isNewEnough(version) {
  const parts = version.replace('v', '').split('.').map(Number);
  if (parts[0] === 22) return parts[1] >= 23;
  return parts[0] > 24 || (parts[0] === 24 && parts[1] >= 15);
}

/** Path of a Node that the service runs on: this one, or the one that the lock file brings for this platform. */
function findNode() {
  if (isNewEnough(process.version)) return process.execPath;
  const bundled = path.join(
    root,
    'node_modules',
    `node-${process.platform}-${process.arch}`,
    'bin',
    'node',
  );
  if (existsSync(bundled)) return bundled;
  console.error(
    `Node ${process.version} is too old and none is packaged for ${process.platform}-${process.arch}: ` +
      'install Node 24 (or 22.23 and later of 22) and run this command again.',
  );
  return process.exit(1);
}

/** Makes the checkout ready and gives the environment and Node for further steps. */
async function prepare() {
  await installPackages();
  const node = findNode();
  const searchPath = `${path.dirname(node)}${path.delimiter}${process.env.PATH}`;
  const environment = Object.assign({}, process.env, { PATH: searchPath });
  return { root, node, environment };
}

module.exports = { prepare };
