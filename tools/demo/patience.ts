/** For anything that the demo waits for: software emulation on a loaded machine included. */
export const PATIENCE_MS = 240_000;
