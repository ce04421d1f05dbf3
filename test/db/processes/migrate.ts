/** node migrate.ts URL: migrates the database; prints the names of what was applied as JSON. */
import { openDatabase } from '../../../src/db/open.ts';

const database = await openDatabase(process.argv[2] ?? '');
const applied = await database.migrate();
await database.close();
process.stdout.write(JSON.stringify(applied));
