/** What `wes up` and its child processes tell each other. */

/** From a child. */
export type ChildMessage =
  | { readonly type: 'ready'; readonly facts: readonly string[] }
  /** A run was submitted or cancelled. */
  | { readonly type: 'changed' };

/** To a child. */
export type SupervisorMessage = { readonly type: 'wake' } | { readonly type: 'stop' };

/** The child's end of the channel. */
export interface SupervisorLink {
  tell(message: ChildMessage): void;
  onWake(listener: () => void): void;
  /** False once the supervisor is gone. */
  isConnected(): boolean;
}

/** Set in the environment of a child, so that a channel of some other parent is not taken for ours. */
export const SUPERVISED_VARIABLE = 'WES_SUPERVISED';

export function readChildMessage(value: unknown): ChildMessage | undefined {
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  if (value.type === 'changed') return { type: 'changed' };
  if (value.type !== 'ready' || !('facts' in value) || !Array.isArray(value.facts))
    return undefined;
  return { type: 'ready', facts: value.facts.map(String) };
}

export function readSupervisorMessage(value: unknown): SupervisorMessage | undefined {
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  return value.type === 'wake' || value.type === 'stop' ? { type: value.type } : undefined;
}
