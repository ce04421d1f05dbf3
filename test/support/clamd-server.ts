import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClamd } from '../../src/scanning/clamd.ts';
import {
  awaitServer,
  findProgram,
  freePort,
  requireProgram,
  startServer,
} from './database-servers.ts';

/** The test file of EICAR, which every scanner is to find; in two parts, so that none finds this one. */
export const EICAR = [
  'X5O!P%@AP[4\\PZX54(P^)7CC)7}$',
  'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*',
].join('');
/** Unofficial, says clamd of signatures that are not ClamAV's own. */
export const EICAR_SIGNATURE = 'Eicar-Test.UNOFFICIAL';

/** More is refused by the server. */
export const STREAM_MAX_BYTES = 250 * 1024 * 1024;

export const missingClamd: string | undefined = findProgram('clamd')
  ? undefined
  : 'no clamd found: install clamav-daemon';

export interface ClamdServer {
  readonly host: string;
  readonly port: number;
  readonly socketPath: string;
  /** Ends it at once, also in the middle. */
  stop(): Promise<void>;
}

/** The daemon of ClamAV with one signature of our own: nothing is downloaded. */
export async function startClamd(): Promise<ClamdServer> {
  const directory = await mkdtemp(join(tmpdir(), 'test-clamd-'));
  const [host, port] = ['127.0.0.1', await freePort()];
  const socketPath = join(directory, 's.sock');
  const hex = Buffer.from(EICAR).toString('hex');
  await writeFile(join(directory, 'eicar.ndb'), `Eicar-Test:0:*:${hex}\n`);
  const config = join(directory, 'clamd.conf');
  await writeFile(
    config,
    [
      'Foreground yes',
      `TCPSocket ${port}`,
      `TCPAddr ${host}`,
      `LocalSocket ${socketPath}`,
      `DatabaseDirectory ${directory}`,
      `TemporaryDirectory ${directory}`,
      `StreamMaxLength ${STREAM_MAX_BYTES}`,
      '',
    ].join('\n'),
  );
  const argv = [requireProgram('clamd'), '--config-file', config];
  const stop = await startServer({ argv, directory, stopSignal: 'SIGKILL' });
  const isUp = () =>
    createClamd({ host, port })
      .check()
      .then(
        () => true,
        () => false,
      );
  await awaitServer(isUp, directory, stop);
  return { host, port, socketPath, stop };
}
