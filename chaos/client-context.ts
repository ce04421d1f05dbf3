import type { ApiClient } from './api-client.ts';
import type { Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import type { ChaosUser } from './users.ts';

/** What all that a client does needs. */
export interface ClientContext {
  /** Names the client in labels and idempotency keys. */
  readonly name: string;
  readonly user: ChaosUser;
  readonly api: ApiClient;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly markDirectory: string;
}
