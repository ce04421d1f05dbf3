import type { TSchema } from 'typebox';
import { ErrorResponse } from './error-response.ts';
import { OutputFile, OutputListResponse } from './output-list.ts';
import { RunEndEvent, RunStateEvent, RunTaskEvent } from './run-events.ts';
import { RunHistory, RunHistoryEntry } from './run-history.ts';
import { Log, RunLog, TaskListResponse, TaskLog } from './run-log.ts';
import { RunQueuePosition } from './run-queue-position.ts';
import { RunId, RunListResponse, RunRequest, RunStatus, RunSummary } from './runs.ts';
import {
  DefaultWorkflowEngineParameter,
  Service,
  ServiceInfo,
  ServiceType,
  WorkflowEngineVersion,
  WorkflowTypeVersion,
} from './service-info.ts';
import { State } from './state.ts';

/** Every schema with a name of its own: the components of the OpenAPI document. */
export const COMPONENTS: readonly TSchema[] = [
  ServiceInfo,
  Service,
  ServiceType,
  RunId,
  State,
  RunStatus,
  RunSummary,
  RunRequest,
  RunLog,
  Log,
  DefaultWorkflowEngineParameter,
  WorkflowTypeVersion,
  WorkflowEngineVersion,
  TaskListResponse,
  TaskLog,
  RunListResponse,
  ErrorResponse,
  OutputFile,
  OutputListResponse,
  RunHistory,
  RunHistoryEntry,
  RunQueuePosition,
  RunStateEvent,
  RunTaskEvent,
  RunEndEvent,
];
