export const CONSOLE_OPTIONS = Symbol('CONSOLE_OPTIONS');

export interface ConsoleOptions {
  /** Signs tickets. */
  readonly internalKey: string;
}

export const consoleOptions = ({ INTERNAL_KEY }: { INTERNAL_KEY: string }): ConsoleOptions => ({
  internalKey: INTERNAL_KEY,
});
