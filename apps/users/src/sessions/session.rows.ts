import type { KeptRows } from '@infinibay/platform-subgraph';

/** What sessions leave behind. */
export const SESSION_ROWS: readonly KeptRows[] = [
  // Reuse of the tokens of an ended session is answered with SESSION_ENDED for a month, not with TOKEN_INVALID.
  { table: 'sessions', endedAt: 'least(ended_at, expires_at)', keepHours: 30 * 24 },
  { table: 'login_throttles', endedAt: 'window_ends_at', keepHours: 0 },
];
