import type { Updateable } from 'kysely';
import type { RunChanges, RunMove } from '../../runs/run-store.ts';
import { toJson } from '../json-text.ts';
import { inTransaction, type Connection } from '../retry.ts';
import type { RunsTable } from '../schema.ts';
import { changeState } from './change-state.ts';
import { replaceOutputs } from './outputs.ts';

/** Moves a run under a lease, with what is to be written at the same moment. */
export function moveRun(connection: Connection, move: RunMove): Promise<boolean> {
  return inTransaction(connection, async (tx) => {
    const change = { ...move, actor: `daemon:${move.daemonId}` };
    const moved = await changeState(connection.dialect, tx, change, (update) =>
      update
        .set(changedColumns(move.changes ?? {}))
        .where('lease_owner', '=', move.daemonId)
        .where('attempt', '=', move.attempt),
    );
    const files = move.changes?.outputFiles;
    if (moved && files) await replaceOutputs(tx, move.runId, files);
    return moved;
  });
}

function changedColumns(changes: RunChanges): Updateable<RunsTable> {
  const { jobId, command, engineVersion, exitCode, outputs } = changes;
  return {
    ...(jobId === undefined ? {} : { job_id: jobId }),
    ...(command === undefined ? {} : { command: toJson(command) }),
    ...(engineVersion === undefined ? {} : { engine_version: engineVersion }),
    ...(exitCode === undefined ? {} : { exit_code: exitCode }),
    ...(outputs === undefined ? {} : { outputs: toJson(outputs) }),
  };
}
