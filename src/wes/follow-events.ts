import { openEventSource, type EventSourceOptions, type ServerEvent } from './event-source.ts';
import { readRunEvent, type RunEvent } from './reading-events.ts';
import type { Transport } from './transport.ts';

export interface EventsOptions extends EventSourceOptions {
  /** False to be told of states alone. */
  readonly withTasks?: boolean;
}

/**
 * What happens to a run from its beginning to its end, or to all runs from now on (an addition of this
 * service): each event once. Undefined where a server can't tell.
 */
export async function followEvents(
  url: URL,
  transport: Transport,
  { withTasks = true, ...options }: EventsOptions = {},
): Promise<AsyncGenerator<RunEvent, void, undefined> | undefined> {
  if (!withTasks) url.searchParams.set('tasks', 'false');
  const events = await openEventSource(url, transport, options);
  return events === undefined ? undefined : newEvents(events);
}

/** After a connection was lost, events may come again; those of a run come in the order of its revisions. */
async function* newEvents(
  events: AsyncGenerator<ServerEvent, void, undefined>,
): AsyncGenerator<RunEvent, void, undefined> {
  const told = new Map<string, number>();
  for await (const event of events) {
    const read = readRunEvent(event);
    if (read === undefined) continue;
    if (read.type === 'end') {
      yield read;
      return;
    }
    if (read.revision <= (told.get(read.runId) ?? 0)) continue;
    told.set(read.runId, read.revision);
    yield read;
  }
}
