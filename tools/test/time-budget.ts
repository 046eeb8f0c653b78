/** What a whole run may take: who runs it in a pipeline cuts it at 90 minutes, set-up included, and then nobody counts. */
export const WHOLE_RUN_MINUTES = 80;
/** Of its own limit, what a later step keeps for itself when the run is late. */
const KEPT = 1 / 4;

/**
 * What a step may take, in milliseconds: its minutes, longer on a slow machine, but so that the steps behind it still
 * have their turn.
 * @param minutes what it may take on a quiet machine
 * @param later the minutes of the steps behind it
 */
export function limitOfStep(
  minutes: number,
  later: readonly number[],
  { slowness, elapsedMs }: { readonly slowness: number; readonly elapsedMs: number },
): number {
  const leftMinutes = WHOLE_RUN_MINUTES - elapsedMs / 60_000;
  const kept = later.reduce((sum, each) => sum + each * KEPT, 0);
  return Math.max(1, Math.min(minutes * slowness, leftMinutes - kept)) * 60_000;
}
