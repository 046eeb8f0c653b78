/** The memory of a large guest is written while it stands still. */
export const SNAPSHOT_GRACE_MS = 1_800_000;
