/** Why the work on a run is broken off; thrown at the next checkpoint, never an error of the run. */
export class Interruption extends Error {
  readonly reason: 'lease_lost' | 'cancel_requested' | 'handover';

  constructor(reason: Interruption['reason']) {
    super(`The work on the run was interrupted: ${reason}.`);
    this.name = 'Interruption';
    this.reason = reason;
  }
}

/** The run can't go on; the message is for people and becomes the reason of SYSTEM_ERROR. */
export class RunFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RunFailure';
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
