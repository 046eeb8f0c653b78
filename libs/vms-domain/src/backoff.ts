const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/** Until the next look at a VM whose disk must not be used. Its host tells earlier when that has changed. */
export const LOOK_AGAIN_MS = 30_000;

/** Wait before the next attempt: 0.5 s, doubled each time, 10 s at most, so that recovery is seen within 15 s. */
export const backoffMs = (failedAttempts: number): number =>
  Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failedAttempts - 1, 10));
