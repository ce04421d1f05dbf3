import type { RunStore } from '../runs/run-store.ts';
import { createCostBoundedCache } from './cost-bounded-cache.ts';
import type { Connection } from './retry.ts';
import { requestCancel } from './runs/cancel.ts';
import { listChanges } from './runs/changes.ts';
import { claimRun } from './runs/claim.ts';
import { countByState, countRuns } from './runs/count.ts';
import { createRun, findSubmission } from './runs/create.ts';
import { listEnded } from './runs/ended.ts';
import { getRun, getRunState, listAttachments, listEvents } from './runs/get.ts';
import {
  listHeads,
  listHeadsBefore,
  listLeasedHeads,
  listRecorded,
  listTraits,
  recordingTime,
} from './runs/heads.ts';
import { listLeased, listLeaseOwners, takeOver } from './runs/lease.ts';
import { listRuns } from './runs/list.ts';
import { moveRun } from './runs/move.ts';
import { getOutput, listOutputs } from './runs/outputs.ts';
import { requestPause } from './runs/pause.ts';
import { getQueuePosition } from './runs/queue-position.ts';
import { markLogsRemoved, removeRun } from './runs/remove.ts';
import { getTask, listKnownTasks, listTasks, saveTasks } from './runs/tasks.ts';

/** The runs in the database: each operation is a file in `runs/`. */
export function createRunStore(connection: Connection): RunStore {
  const counts = createCostBoundedCache();

  return {
    createRun: (run, quota) => createRun(connection, run, quota),
    findSubmission: (owner, key) => findSubmission(connection, owner, key),
    requestCancel: (runId, actor, at) => requestCancel(connection, { runId, actor, at }),
    requestPause: (request) => requestPause(connection, request),
    claimRun: (claim) => claimRun(connection, claim),
    moveRun: (move) => moveRun(connection, move),
    removeRun: (runId, at) => removeRun(connection, runId, at),
    markLogsRemoved: (runId, actor, at) => markLogsRemoved(connection, { runId, actor, at }),

    countRuns: (filter) => counts.get(JSON.stringify(filter), () => countRuns(connection, filter)),
    countByState: () => counts.get('by state', () => countByState(connection)),

    getRun: (runId) => getRun(connection, runId),
    getRunState: (runId) => getRunState(connection, runId),
    listRuns: (query) => listRuns(connection, query),
    listAttachments: (runId) => listAttachments(connection, runId),
    listEvents: (runId) => listEvents(connection, runId),
    listTasks: (runId, page) => listTasks(connection, runId, page),
    getTask: (runId, taskId) => getTask(connection, runId, taskId),
    listKnownTasks: (runId, tasks) => listKnownTasks(connection, runId, tasks),
    listOutputs: (runId, page) => listOutputs(connection, runId, page),
    getOutput: (runId, path) => getOutput(connection, runId, path),
    listEnded: (query) => listEnded(connection, query),
    getQueuePosition: (runId) => getQueuePosition(connection, runId),
    listLeased: (daemonId) => listLeased(connection, daemonId),
    listLeaseOwners: () => listLeaseOwners(connection),
    takeOver: (runId, from, newOwner, at) => takeOver(connection, { runId, from, newOwner, at }),
    listHeads: (runIds) => listHeads(connection, runIds),
    listLeasedHeads: () => listLeasedHeads(connection),
    listChanges: (cursors, limit) => listChanges(connection, cursors, limit),
    recordingTime: () => recordingTime(connection),
    listRecorded: (page) => listRecorded(connection, page),
    listHeadsBefore: (runIds, time) => listHeadsBefore(connection, runIds, time),
    listTraits: (runIds) => listTraits(connection, runIds),
    saveTasks: (lease, tasks) => saveTasks(connection, lease, tasks),
  };
}
