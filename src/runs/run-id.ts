const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** True for a run id as this service writes it: a UUID in lower case. */
export function isRunId(text: string): boolean {
  return UUID_PATTERN.test(text);
}

/** When an id of version 7 was made, in ms since the epoch (RFC 9562, section 5.7). */
export function runIdTime(runId: string): number {
  return Number.parseInt(runId.slice(0, 8) + runId.slice(9, 13), 16);
}
