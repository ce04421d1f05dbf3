import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  awaitServer,
  findProgram,
  freePort,
  requireProgram,
  startServer,
  type DatabaseServer,
} from './database-servers.ts';

const PROGRAMS = ['ceph-mon', 'ceph-osd', 'radosgw', 'ceph', 'ceph-authtool', 'monmaptool'];
const ACCESS_KEY = 'TESTACCESSKEY';
const SECRET_KEY = 'testsecretkey';
const COMMAND_MS = 30_000;
const STORE_BYTES = 4 * 1024 ** 3;

const run = promisify(execFile);

/** Why an S3 server can't be started here; undefined when it can. */
export function missingS3(): string | undefined {
  if (process.env.TEST_S3_ENDPOINT) return undefined;
  const missing = [...PROGRAMS, 'radosgw-admin'].filter((name) => !findProgram(name));
  if (missing.length === 0) return undefined;
  return `no ${missing.join(', ')} found: install radosgw, ceph-mon, ceph-osd and ceph-common, or set TEST_S3_ENDPOINT`;
}

/**
 * The gateway of Ceph, which speaks S3 and checks signatures, with a monitor and a store in memory
 * behind it. The keys are the user and password of its URL.
 */
export async function startS3({ storeBytes = STORE_BYTES } = {}): Promise<DatabaseServer> {
  const given = process.env.TEST_S3_ENDPOINT;
  if (given) return { url: withKeys(given), stop: async () => {} };
  const directory = await mkdtemp(join(tmpdir(), 'test-s3-'));
  const config = join(directory, 'ceph.conf');
  const cluster: Cluster = { directory, config, storeBytes, stops: [] };
  const stop = () => stopAll(cluster);
  try {
    const port = await startCluster(cluster);
    return { url: `http://${ACCESS_KEY}:${SECRET_KEY}@127.0.0.1:${port}`, stop };
  } catch (error) {
    await stop();
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

interface Cluster {
  readonly directory: string;
  readonly config: string;
  readonly storeBytes: number;
  readonly stops: (() => Promise<void>)[];
}

async function stopAll({ stops }: Cluster): Promise<void> {
  await Promise.all(stops.map((stopOne) => stopOne()));
}

function withKeys(endpoint: string): string {
  const url = new URL(endpoint);
  url.username = encodeURIComponent(process.env.AWS_ACCESS_KEY_ID ?? '');
  url.password = encodeURIComponent(process.env.AWS_SECRET_ACCESS_KEY ?? '');
  return url.href;
}

/** Gives the port of the gateway. */
async function startCluster(cluster: Cluster): Promise<number> {
  const [monitorPort, gatewayPort] = [await freePort(), await freePort()];
  const id = randomUUID();
  for (const name of ['mon', 'osd', 'rgw', 'run', 'logs'])
    await mkdir(join(cluster.directory, name));
  await writeFile(cluster.config, configuration(cluster, id, monitorPort, gatewayPort));
  await makeKeys(cluster);
  await startMonitor(cluster, id, monitorPort);
  await startStore(cluster);
  await startGateway(cluster, gatewayPort);
  return gatewayPort;
}

function configuration(
  { directory, storeBytes }: Cluster,
  id: string,
  monitorPort: number,
  port: number,
): string {
  return `[global]
fsid = ${id}
mon_host = v2:127.0.0.1:${monitorPort}/0
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_allow_insecure_global_id_reclaim = false
# One of each, and no copies: what is stored here is worth nothing.
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
mon_data_avail_crit = 0
mon_data_avail_warn = 1
# Decisions of one monitor need not be waited for.
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
mon_tick_interval = 1
osd_objectstore = memstore
memstore_device_bytes = ${storeBytes}
# Tests may load the machine: nobody else could take over.
osd_heartbeat_grace = 300
mon_data = ${directory}/mon
osd_data = ${directory}/osd
run_dir = ${directory}/run
admin_socket = ${directory}/run/$name.asok
pid_file = ${directory}/run/$name.pid
log_file = ${directory}/logs/$name.log
keyring = ${directory}/keyring
[client.rgw.a]
rgw_frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw_data = ${directory}/rgw
rgw_thread_pool_size = 32
rgw_enable_usage_log = false
rgw_run_sync_thread = false
rgw_dynamic_resharding = false
`;
}

const KEYS: Readonly<Record<string, readonly string[]>> = {
  'mon.': ['mon', 'allow *'],
  'client.admin': ['mon', 'allow *', 'osd', 'allow *'],
  'client.rgw.a': ['mon', 'allow rwx', 'osd', 'allow rwx'],
  'osd.0': ['mon', 'allow profile osd', 'osd', 'allow *'],
};

async function makeKeys({ directory }: Cluster): Promise<void> {
  const keyring = join(directory, 'keyring');
  await command('ceph-authtool', ['--create-keyring', keyring]);
  for (const [name, rights] of Object.entries(KEYS)) {
    const caps = Array.from({ length: rights.length / 2 }, (_, index) => [
      ...['--cap', rights[2 * index] ?? '', rights[2 * index + 1] ?? ''],
    ]);
    await command('ceph-authtool', [keyring, '--gen-key', '-n', name, ...caps.flat()]);
  }
}

async function startMonitor(cluster: Cluster, id: string, port: number): Promise<void> {
  const { directory, config } = cluster;
  const map = join(directory, 'monmap');
  const address = `[v2:127.0.0.1:${port}]`;
  await command('monmaptool', ['--create', '--fsid', id, '--addv', 'a', address, map]);
  const make = ['--mkfs', '-i', 'a', '--monmap', map, '--keyring', join(directory, 'keyring')];
  await command('ceph-mon', ['-c', config, ...make]);
  await startOne(cluster, 'mon', ['ceph-mon', '-c', config, '-f', '-i', 'a']);
  await awaitOne(cluster, 'mon', () => succeeds('ceph', ['-c', config, 'mon', 'stat']));
}

async function startStore(cluster: Cluster): Promise<void> {
  const { config } = cluster;
  const id = randomUUID();
  await command('ceph', ['-c', config, 'osd', 'new', id]);
  await command('ceph-osd', ['-c', config, '-i', '0', '--mkfs', '--osd-uuid', id]);
  await startOne(cluster, 'osd', ['ceph-osd', '-c', config, '-f', '-i', '0']);
}

async function startGateway(cluster: Cluster, port: number): Promise<void> {
  const { directory, config } = cluster;
  const user = ['--uid=test', '--display-name=test'];
  const keys = [`--access-key=${ACCESS_KEY}`, `--secret-key=${SECRET_KEY}`];
  // Its directory is all of the cluster's, which is removed when it has ended.
  const argv = ['radosgw', '-c', config, '-f', '-n', 'client.rgw.a'];
  await startOne(cluster, 'rgw', argv, directory);
  await awaitOne(cluster, 'rgw', () => answers(`http://127.0.0.1:${port}/`), directory);
  await command('radosgw-admin', ['-c', config, 'user', 'create', ...user, ...keys]);
}

async function startOne(
  { directory, stops }: Cluster,
  name: string,
  [program = '', ...args]: readonly string[],
  own = join(directory, name),
): Promise<void> {
  const argv = [requireProgram(program), ...args];
  stops.push(await startServer({ argv, directory: own, stopSignal: 'SIGKILL' }));
}

async function awaitOne(
  cluster: Cluster,
  name: string,
  isUp: () => Promise<boolean>,
  own = join(cluster.directory, name),
): Promise<void> {
  await awaitServer(isUp, own, () => stopAll(cluster));
}

async function command(program: string, args: readonly string[]): Promise<void> {
  await run(requireProgram(program), args, { timeout: COMMAND_MS });
}

async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  return await command(program, args).then(
    () => true,
    () => false,
  );
}

async function answers(url: string): Promise<boolean> {
  return await fetch(url).then(
    async (response) => {
      await response.body?.cancel();
      return true;
    },
    () => false,
  );
}
