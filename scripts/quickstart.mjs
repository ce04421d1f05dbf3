/**
 * The second half of `npm run quickstart`, on a Node that is new enough: finds or installs an engine,
 * starts the service, submits the example workflow over the API, shows its tasks live and prints its
 * outputs. On a terminal the service then stays up until Ctrl-C; elsewhere everything is stopped.
 * Exit status: 0 when the run completed, 1 when something failed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const root = join(import.meta.dirname, '..');
const cli = join(root, 'bin', 'wes.cjs');
const PREFERRED_PORT = 8080;
const READY_WITHIN_MS = 60_000;

const startedAt = Number(process.env.QUICKSTART_STARTED_AT ?? Date.now());
const isInteractive = process.stdin.isTTY === true && process.stdout.isTTY === true;
const environment = {
  ...process.env,
  DATA_DIR: process.env.DATA_DIR ?? join(root, '.quickstart'),
  LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
};

function say(text) {
  console.log(`\n== ${text}`);
}

/** Runs a `wes` command to its end, output shown; gives its exit status. */
function wes(...args) {
  const { status } = spawnSync(process.execPath, [cli, ...args], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return status ?? 1;
}

function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function waitUntilReady(address, service) {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (service.exitCode !== null) return false;
    const response = await fetch(`${address}/readyz`).catch(() => undefined);
    if (response?.ok) return true;
    await delay(50);
  }
  return false;
}

async function stop(service) {
  if (service.exitCode !== null) return;
  const ended = new Promise((resolve) => service.once('exit', resolve));
  service.kill('SIGTERM');
  await ended;
}

/** Submits the example and waits for its end; gives the exit status of `wes submit`. */
function runExample(address) {
  say('Submitting examples/cwl/fastq-qc.cwl over the API');
  return wes(
    'submit',
    'examples/cwl/fastq-qc.cwl',
    '--inputs',
    'examples/cwl/fastq-qc.inputs.json',
    '--server',
    address,
    '--wait',
  );
}

async function stayUp(address, service) {
  say(
    `The service stays up at ${address} (its API is described at ${address}/docs). Ctrl-C stops it.`,
  );
  console.log(`   Try: npm run wes -- runs --server ${address}`);
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
    service.once('exit', resolve);
  });
}

async function main() {
  say('Finding a workflow engine');
  if (wes('engines', 'install', 'cwltool') !== 0) return 1;

  const port = (await isFree(PREFERRED_PORT)) ? PREFERRED_PORT : await freePort();
  const address = `http://127.0.0.1:${port}`;
  say(`Starting API and daemon on SQLite and local files: ${address}`);
  const service = spawn(process.execPath, [cli, 'up', '--port', String(port)], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit'],
    // A session of its own, so that Ctrl-C on the terminal reaches this script first.
    detached: true,
  });
  try {
    if (!(await waitUntilReady(address, service))) {
      console.error('The service did not start: see above.');
      return 1;
    }
    const status = runExample(address);
    const took = ((Date.now() - startedAt) / 1000).toFixed(0);
    say(`${status === 0 ? 'The run is complete' : 'The run failed'}; all of it took ${took} s.`);
    if (status === 0 && isInteractive) await stayUp(address, service);
    return status === 0 ? 0 : 1;
  } finally {
    await stop(service);
  }
}

process.exitCode = await main();
