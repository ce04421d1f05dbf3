import type { FastifyRequest } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { visibleOwner } from '../auth/access.ts';
import { invalidRequest } from '../runs/errors.ts';
import { isTerminal } from '../runs/state.ts';
import { ErrorResponse } from '../wes/error-response.ts';
import { reference } from '../wes/reference.ts';
import type { ApiInstance } from './api-instance.ts';
import { findVisibleRunState, principalOf, type ApiDeps } from './context.ts';
import { EventQuery, FeedQuery, feedFilter } from './event-query.ts';
import { RunParams } from './run-params.ts';
import {
  feedPositionOf,
  notOfThisStream,
  runPlaceOf,
  type RunPlace,
} from './streams/change-events.ts';
import { createFollowFeed } from './streams/follow-feed.ts';
import { createFollowRun } from './streams/follow-run.ts';
import type { EventStreams } from './streams/server-sent-events.ts';

const EVENTS =
  '`state` has a line of the history (RunStateEvent), `task` a task that began or ended (RunTaskEvent)';
const RESUME = 'With `Last-Event-ID` a stream goes on behind the event of that id.';
/** How far back a client may go on: what happened since is read again for it. */
const OLDEST_POSITION_MS = 7 * 24 * 60 * 60 * 1000;
/** The clock of a database that took over may be behind that of the one before. */
const CLOCK_STEP_MS = 60_000;

/** GetRunEvents and GetEvents: additions to WES 1.1. */
export function registerEventRoutes(app: ApiInstance, deps: ApiDeps, streams: EventStreams): void {
  registerRunEvents(app, deps, streams);
  registerAllEvents(app, deps, streams);
}

function registerRunEvents(app: ApiInstance, deps: ApiDeps, streams: EventStreams): void {
  const followRun = createFollowRun(deps.store, deps.logger);
  app.route({
    method: 'GET',
    exposeHeadRoute: false,
    url: `${deps.settings.apiPrefix}/runs/:run_id/events`,
    schema: {
      tags: ['Workflow Runs'],
      operationId: 'GetRunEvents',
      summary: 'GetRunEvents',
      description: `What happens to a run, from its beginning to its end, as server-sent events: ${EVENTS}, and \`end\` (RunEndEvent) says that nothing comes any more. ${RESUME} An addition to WES 1.1.`,
      params: RunParams,
      querystring: EventQuery,
      response: eventResponses({
        204: { description: 'The client has all events and their end: do not come back.' },
        404: described('There is no such run, or the caller may not see it.'),
      }),
    },
    handler: async (request, reply) => {
      const run = await findVisibleRunState(deps, request, request.params.run_id);
      const { runId } = run;
      const place = await placeAsked(deps, runId, lastEventId(request));
      if (place === 'end' && isTerminal(run.state)) return reply.code(204).send();
      const cursor = {
        runId,
        after: place === 'end' ? 0 : place,
        withTasks: request.query.tasks !== 'false',
      };
      return streams.send(reply, (signal) => followRun(cursor, signal));
    },
  });
}

/** @throws WesError `invalid_request` for an id of another stream, and for one that this stream can't have had */
async function placeAsked(
  { store }: ApiDeps,
  runId: string,
  id: string | undefined,
): Promise<RunPlace> {
  if (id === undefined) return 0;
  const place = runPlaceOf(runId, id);
  if (place === 'end') return place;
  const [head] = await store.listHeads([runId]);
  if (head !== undefined && place > head.revision) throw notOfThisStream(id);
  return place;
}

function registerAllEvents(app: ApiInstance, deps: ApiDeps, streams: EventStreams): void {
  const followFeed = createFollowFeed(deps.store, deps.logger);
  app.route({
    method: 'GET',
    exposeHeadRoute: false,
    url: `${deps.settings.apiPrefix}/runs/events`,
    schema: {
      tags: ['Workflow Runs'],
      operationId: 'GetEvents',
      summary: 'GetEvents',
      description: `What happens from now on to all runs that the caller may see, or to those that a filter lets through, as server-sent events: ${EVENTS}; \`position\` is there for its id alone. ${RESUME} An event may come again then, with the same \`revision\`. An addition to WES 1.1.`,
      querystring: FeedQuery,
      response: eventResponses({}),
    },
    handler: async (request, reply) => {
      const wants = feedFilter(request.query, visibleOwner(principalOf(request)));
      const from = await positionAsked(deps, lastEventId(request));
      return streams.send(reply, (signal) => followFeed({ from, wants }, signal));
    },
  });
}

/** @throws WesError `invalid_request` for an id of another stream, of the future, or of long ago */
async function positionAsked(
  { store }: ApiDeps,
  id: string | undefined,
): Promise<number | undefined> {
  if (id === undefined) return undefined;
  const position = feedPositionOf(id);
  const now = await store.recordingTime();
  if (position > now + CLOCK_STEP_MS) throw notOfThisStream(id);
  if (position >= now - OLDEST_POSITION_MS) return position;
  throw invalidRequest(
    'Last-Event-ID',
    'is older than seven days; begin without it and see GET /runs for what happened since',
  );
}

/** Where a client was when it lost its connection. The header goes first: a browser sends the newest there. */
function lastEventId({
  headers,
  query,
}: FastifyRequest<{ Querystring: { last_event_id?: string } }>): string | undefined {
  const id = String(headers['last-event-id'] ?? '') || query.last_event_id;
  return id === '' ? undefined : id;
}

function eventResponses(others: Readonly<Record<number, unknown>>): Record<string, unknown> {
  const schema: TSchema = Type.String({ description: 'Events, as they happen.' });
  return {
    200: { description: 'A stream of events.', content: { 'text/event-stream': { schema } } },
    400: described('A parameter is wrong, or Last-Event-ID is none of this stream.'),
    401: described('Valid credentials are needed.'),
    503: described('The database can not be reached; try later.'),
    ...others,
  };
}

function described(description: string) {
  return { ...reference(ErrorResponse), description };
}
