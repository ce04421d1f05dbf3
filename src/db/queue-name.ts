import { sql, type RawBuilder } from 'kysely';
import { indexedName } from './plain-text.ts';

/**
 * The queue that a run waits in: its engine, and the version where the client insists on one. A daemon
 * takes from `queueName(engine)` and from that of each version which it has.
 * @throws WesError `invalid_request` for names that are too long together
 */
export function queueName(engine: string, version?: string): string {
  if (version === undefined) return indexedName('workflow_engine', engine);
  return indexedName('workflow_engine_version', `${engine}/${version}`);
}

/** The same of the row that is updated. */
export function queueOfRow(): RawBuilder<string> {
  return sql<string>`case when requested_engine_version is null then engine
    else concat(engine, '/', requested_engine_version) end`;
}
