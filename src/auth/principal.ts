/** Who asks. */
export interface Principal {
  /** Name under which runs are owned. */
  readonly name: string;
  readonly isAdmin: boolean;
}

export interface Authenticator {
  /**
   * @throws WesError `unauthenticated` without valid credentials, `too_many_attempts` after too many
   *   failed ones.
   */
  authenticate(request: Credentials): Promise<Principal>;
  /** Value of the `WWW-Authenticate` header of a 401; absent when no credentials are ever asked for. */
  readonly challenge?: string;
}

export interface Credentials {
  readonly authorization?: string;
  /** Address of the client, for slowing down guesses and for the log. */
  readonly remoteAddress: string;
}
