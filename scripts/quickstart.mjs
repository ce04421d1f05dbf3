/**
 * The second half of `npm run quickstart`, on a Node that is new enough: finds or installs an engine,
 * starts the service, submits the example workflow over the API, shows its tasks live and prints its
 * outputs. On a terminal the service then stays up until Ctrl-C; elsewhere everything is stopped.
 * Exit status: 0 when the run completed, 1 when something failed, 130 when it was interrupted before.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SETTINGS } from '../dist/settings.js';

const root = join(import.meta.dirname, '..');
const cli = join(root, 'bin', 'wes.cjs');
const PREFERRED_PORT = 8080;
const READY_WITHIN_MS = 60_000;
const CANCELED_WITHIN_MS = 30_000;
const EXIT_FAILED = 1;
const EXIT_INTERRUPTED = 130;
const UNFINISHED = ['QUEUED', 'INITIALIZING', 'RUNNING', 'PAUSED', 'CANCELING'];

const startedAt = Number(process.env.QUICKSTART_STARTED_AT ?? Date.now());
const isInteractive = process.stdin.isTTY === true && process.stdout.isTTY === true;
// The service is one of its own: settings for another in the environment are none of its business.
const settings = [...Object.values(SETTINGS).map(({ env }) => env), 'WES_USER', 'WES_TOKEN'];
const environment = {
  ...process.env,
  ...Object.fromEntries(settings.map((name) => [name, ''])),
  DATA_DIR: join(root, '.quickstart'),
  LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
  // The example's tools are on every machine; images would have to be fetched first.
  CONTAINERS: 'none',
};

const interruption = new AbortController();
const interrupted = new Promise((resolve) => {
  interruption.signal.addEventListener('abort', () => resolve());
});
for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect']) {
  process.on(event, () => interruption.abort());
}

function say(text) {
  console.log(`\n== ${text}`);
}

/** Runs a `wes` command to its end, output shown, and gives its exit status; `signal` ends it early. */
function wes(args, signal = interruption.signal) {
  return new Promise((resolve) => {
    const stdio = ['ignore', 'inherit', 'inherit'];
    const child = spawn(process.execPath, [cli, ...args], { cwd: root, env: environment, stdio });
    const end = () => child.kill('SIGTERM');
    if (signal.aborted) end();
    signal.addEventListener('abort', end);
    child.once('exit', (code) => {
      signal.removeEventListener('abort', end);
      resolve(code ?? EXIT_FAILED);
    });
  });
}

/** A port of loopback: this one when it is free, 0 for any. */
function takePort(wanted) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(wanted, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function startService(port) {
  return spawn(process.execPath, [cli, 'up', '--port', String(port)], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit'],
    // A process group of its own: it is stopped after its runs, not by the Ctrl-C that ends them.
    detached: true,
  });
}

async function waitUntilReady(address, service) {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline && !interruption.signal.aborted) {
    if (hasEnded(service)) return false;
    const response = await fetch(`${address}/readyz`).catch(() => undefined);
    if (response?.ok) return true;
    await delay(50);
  }
  return false;
}

/** Stopped alone, a service leaves running engines to the next one; here nothing shall be left. */
async function stop(address, service) {
  if (hasEnded(service)) return;
  await cancelRuns(address);
  const ended = new Promise((resolve) => service.once('exit', resolve));
  service.kill('SIGTERM');
  await ended;
}

async function cancelRuns(address) {
  const states = UNFINISHED.map((state) => `state=${state}`).join('&');
  const list = await fetch(`${address}/ga4gh/wes/v1/runs?page_size=1000&${states}`)
    .then((response) => response.json())
    .catch(() => undefined);
  const ids = (list?.runs ?? []).map((run) => run.run_id);
  if (ids.length === 0) return;
  say('Cancelling what still runs');
  const signal = AbortSignal.timeout(CANCELED_WITHIN_MS);
  await wes(['cancel', '--wait', '--server', address, ...ids], signal);
}

function hasEnded(child) {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Submits the example and waits for its end; gives the exit status of `wes submit`. */
function runExample(address) {
  say('Submitting examples/cwl/fastq-qc.cwl over the API');
  const workflow = join('examples', 'cwl', 'fastq-qc.cwl');
  const inputs = join('examples', 'cwl', 'fastq-qc.inputs.json');
  return wes(['submit', workflow, '--inputs', inputs, '--server', address, '--wait']);
}

async function stayUp(address, service) {
  say(
    `The service stays up at ${address} (its API is described at ${address}/docs). Ctrl-C stops it.`,
  );
  console.log(`   Try: npm run wes -- runs --server ${address}`);
  const ended = new Promise((resolve) => service.once('exit', () => resolve(true)));
  const endedByItself = await Promise.race([ended, interrupted]);
  return endedByItself === true ? EXIT_FAILED : 0;
}

async function tour(address, service) {
  if (!(await waitUntilReady(address, service))) {
    if (interruption.signal.aborted) return EXIT_INTERRUPTED;
    console.error('The service did not start: see above.');
    return EXIT_FAILED;
  }
  const status = await runExample(address);
  if (interruption.signal.aborted) return EXIT_INTERRUPTED;
  const took = ((Date.now() - startedAt) / 1000).toFixed(0);
  say(`${status === 0 ? 'The run is complete' : 'The run failed'}; all of it took ${took} s.`);
  if (status !== 0) return EXIT_FAILED;
  return isInteractive ? stayUp(address, service) : 0;
}

async function main() {
  say('Finding a workflow engine');
  const installed = await wes(['engines', 'install', 'cwltool']);
  if (interruption.signal.aborted) return EXIT_INTERRUPTED;
  if (installed !== 0) return EXIT_FAILED;

  const port = await takePort(PREFERRED_PORT).catch(() => takePort(0));
  const address = `http://127.0.0.1:${port}`;
  say(`Starting API and daemon on SQLite and local files: ${address}`);
  const service = startService(port);
  try {
    return await tour(address, service);
  } finally {
    await stop(address, service);
  }
}

process.exitCode = await main();
if (process.connected) process.disconnect();
