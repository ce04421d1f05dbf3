/** node claim-all.ts URL ENGINE: claims runs until there are none; prints their ids as JSON. */
import { randomUUID } from 'node:crypto';
import { openDatabase } from '../../../src/db/open.ts';

const [, , url = '', engine = ''] = process.argv;
const database = await openDatabase(url);
const claim = { daemonId: randomUUID(), executor: 'local', engines: [{ engine, versions: ['1'] }] };
const runIds: string[] = [];
for (;;) {
  const run = await database.runs.claimRun({ ...claim, at: Date.now() });
  if (!run) break;
  runIds.push(run.runId);
}
await database.close();
process.stdout.write(JSON.stringify(runIds));
