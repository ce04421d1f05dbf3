import type { Selectable } from 'kysely';
import type { DaemonRecord, DaemonRegistry, NewDaemon } from '../runs/daemon-registry.ts';
import { fromJson, toJson } from './json-text.ts';
import { retried, type Connection } from './retry.ts';
import type { DaemonsTable } from './schema.ts';

export function createDaemonRegistry({ db, dialect }: Connection): DaemonRegistry {
  return {
    async register(daemon) {
      const insert = db.insertInto('daemons').values(daemonRow(daemon));
      await retried(dialect, () => insert.execute());
    },

    async beat(daemonId, at) {
      const update = db
        .updateTable('daemons')
        .set((eb) => ({ beat: eb('beat', '+', 1), beat_at: at }))
        .where('daemon_id', '=', daemonId);
      const { numUpdatedRows } = await retried(dialect, () => update.executeTakeFirstOrThrow());
      return numUpdatedRows > 0n;
    },

    async list() {
      const rows = await db.selectFrom('daemons').selectAll().orderBy('daemon_id').execute();
      return rows.map(daemonFromRow);
    },

    async remove(daemonId) {
      const removal = db.deleteFrom('daemons').where('daemon_id', '=', daemonId);
      await retried(dialect, () => removal.execute());
    },
  };
}

function daemonRow(daemon: NewDaemon): Selectable<DaemonsTable> {
  return {
    daemon_id: daemon.daemonId,
    process_id: daemon.processId,
    started_at: daemon.startedAt,
    beat: 0,
    beat_at: daemon.startedAt,
    host: daemon.host,
    process_start: daemon.processStart,
    engines: toJson(daemon.engines),
  };
}

function daemonFromRow(row: Selectable<DaemonsTable>): DaemonRecord {
  return {
    daemonId: row.daemon_id,
    processId: row.process_id,
    startedAt: row.started_at,
    beat: row.beat,
    beatAt: row.beat_at,
    host: row.host,
    processStart: row.process_start,
    engines: fromJson(row.engines),
  };
}
