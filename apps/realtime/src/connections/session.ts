import type { Actor } from '@infinibay/contracts';

/** What the server knows of one connection. */
export interface Session {
  actor: Actor;
  /** Epoch milliseconds at which the access token ends. */
  expiresAt: number;
  /** Department of each VM that the connection watches. */
  readonly watched: Map<string, string>;
}
