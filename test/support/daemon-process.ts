/**
 * A daemon as a process: node daemon-process.ts '<DaemonPlaces as JSON>'. Says `ready`, ends on
 * SIGTERM.
 */
import { pino } from 'pino';
import { createDaemon } from '../../src/daemon/daemon.ts';
import { openDatabase } from '../../src/db/open.ts';
import { daemonParts, type DaemonPlaces } from './daemon-parts.ts';

const places = JSON.parse(process.argv[2] ?? '') as DaemonPlaces; // written by TestService
const database = await openDatabase(places.databaseUrl);
const daemon = createDaemon({
  store: database.runs,
  registry: database.daemons,
  removals: database.removals,
  ...daemonParts(places),
  logger: pino({ level: 'error' }, process.stderr),
});
process.once('SIGTERM', () => {
  void daemon.stop().then(() => database.close());
});
await daemon.start();
process.stdout.write('ready\n');
