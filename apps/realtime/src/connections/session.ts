import type { Actor } from '@infinibay/contracts';

/** What the server knows of one connection. */
export interface Session {
  actor: Actor;
  /** When users was asked for what is known of the actor, by `performance.now()`. */
  confirmedAt: number;
  /** Since when users has been asked in vain; undefined when it answered last. */
  inVainSince: number | undefined;
  /** Epoch milliseconds at which the access token ends. */
  expiresAt: number;
  /** Department of each VM that the connection watches. */
  readonly watched: Map<string, string>;
}
