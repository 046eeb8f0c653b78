const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/** Until the next look at a VM whose disk must not be used. Its host tells earlier when that has changed. */
export const LOOK_AGAIN_MS = 30_000;

/** Wait before the next attempt: 0.5 s, doubled each time, 10 s at most, so that recovery is seen within 15 s. */
export const backoffMs = (failedAttempts: number): number =>
  Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failedAttempts - 1, 10));

const SOONEST_LOOK_MS = 1_000;
const LATEST_LOOK_MS = 10_000;
/** Less would be a look at the very moment at which its time is over, and one more just after it. */
const LEAST_MS = 100;

/**
 * Until the next look at a guest that takes its time over what it was asked: a tenth of what it has taken so far, so that
 * thousands with an hour each ask little, and as soon as its time is over. Hosts tell earlier when its power changes.
 */
export const lookAgainMs = (ageMs: number, leftMs: number): number =>
  Math.max(LEAST_MS, Math.min(Math.max(SOONEST_LOOK_MS, ageMs / 10), LATEST_LOOK_MS, leftMs));
