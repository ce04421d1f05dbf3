/*
 * Programs that use the service's SQLite file beside it, for `node -e`: the path of the file is their
 * first argument, that of a file which says that they have begun the second.
 */

export function holdingLock(): string {
  return `${OPENED}
database.exec('BEGIN IMMEDIATE');
setInterval(() => {}, 1000);
`;
}

/**
 * Changes what the service goes by in all records, again and again in one transaction. The page cache
 * is too small for it, so that changes get into the file long before the transaction ends, which it
 * never does: whoever kills this process finds out whether any of them stays.
 */
export function writingForEver(): string {
  return `${OPENED}
const { writeFileSync } = require('node:fs');
database.exec('PRAGMA cache_size = 2');
database.exec('BEGIN IMMEDIATE');
const spoil = () => {
  database.exec("UPDATE workflow_runs SET owner = 'nobody', priority = 9, state = 'UNKNOWN'");
  database.exec("UPDATE run_events SET to_state = 'UNKNOWN'");
  database.exec('UPDATE workflow_runs SET pause_requested = 1, revision = revision + 1000');
  writeFileSync(process.argv[2], '');
  setImmediate(spoil);
};
spoil();
`;
}

const OPENED = `
const { DatabaseSync } = require('node:sqlite');
const database = new DatabaseSync(process.argv[1], { timeout: 20000 });
`;
