export const SOFT_DELETION_OPTIONS = Symbol('SOFT_DELETION_OPTIONS');

export interface SoftDeletionOptions {
  /** How long a VM is kept where nothing is said of it. */
  readonly keepSeconds: number;
}

export const softDeletionOptions = (config: { SOFT_DELETE_KEEP_SECONDS: number }): SoftDeletionOptions => ({
  keepSeconds: config.SOFT_DELETE_KEEP_SECONDS,
});
