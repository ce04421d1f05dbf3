import { createHash } from 'node:crypto';
import type { Attachment, RunRequest } from './run.ts';

export interface Submitted {
  readonly request: RunRequest;
  readonly attachments: readonly Attachment[];
  /** A rerun and a submission of the same content are not the same request. */
  readonly rerunOf?: string;
}

/** Hex SHA-256 of everything that was submitted; the order of keys and of attachments does not matter. */
export function requestDigest({ request, attachments, rerunOf }: Submitted): string {
  const files = attachments.map(({ name, sha256 }) => [name, sha256] as const).sort(byName);
  return createHash('sha256')
    .update(JSON.stringify(sortedKeys({ request, files, rerunOf })))
    .digest('hex');
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortedKeys(item)]));
}
