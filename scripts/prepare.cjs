'use strict';
/**
 * First step of the commands that must work from a bare clone, on any Node and with nothing installed:
 * installs the packages of the lock file when they are not there, and finds a Node that is new enough.
 * CommonJS in old syntax, because it is read by whatever Node the machine has.
 */
const { existsSync, mkdtempSync, readFileSync, rmSync } = require('node:fs');
const os = require('node:os');
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
    if (installed[name] === undefined) return wanted.optional === true && !isForHere(wanted);
    return installed[name].version === wanted.version;
  });
}

const LIBC = process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';

/** Whether it is made for this platform: then it is missing because npm's Node was too old for it. */
function isForHere({ os: systems = [], cpu = [], libc }) {
  const fits = libc === undefined || libc.includes(LIBC);
  return systems.includes(process.platform) && cpu.includes(process.arch) && fits;
}

/** Of the registry, for a Node whose npm would leave out the packages that call it too old. */
const NPM_PACKAGE = 'npm@11.19.1';
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

async function installPackages() {
  if (isInstalled()) return;
  console.log('Installing the packages of package-lock.json …');
  const ci = ['ci'].concat(QUIET);
  const status = isNewEnoughForNpm(process.version)
    ? await runChild('npm', ci, { cwd: root })
    : await runNewerNpm(ci);
  if (status !== 0) {
    console.error('npm ci failed: see above. Is the npm registry reachable from this machine?');
    process.exit(1);
  }
}

/** Runs the npm of a Node that is fetched for that and removed again; gives the exit status. */
async function runNewerNpm(args) {
  const place = mkdtempSync(path.join(os.tmpdir(), 'wes-npm-'));
  process.once('exit', () => rmSync(place, { recursive: true, force: true }));
  const name = `node-${process.platform}-${process.arch}`;
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const version = manifest.optionalDependencies[name];
  if (version === undefined) return refuse();
  const packages = [`${name}@${version}`, NPM_PACKAGE];
  const fetched = await runChild('npm', ['install', '--prefix', place].concat(QUIET, packages), {
    cwd: place,
  });
  if (fetched !== 0) return fetched;
  const node = path.join(place, 'node_modules', name, 'bin', 'node');
  const npm = path.join(place, 'node_modules', 'npm', 'bin', 'npm-cli.js');
  return runChild(node, [npm].concat(args), { cwd: root });
}

/** The oldest that the packages of the lock file take: else npm leaves out the optional ones among them. */
function isNewEnoughForNpm(version) {
  const [major, minor] = version.replace('v', '').split('.').map(Number);
  if (major === 20) return minor >= 19;
  return major > 22 || (major === 22 && minor >= 12);
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
  return refuse();
}

function refuse() {
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
