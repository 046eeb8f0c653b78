export const VOLUME_OPTIONS = Symbol('VOLUME_OPTIONS');

export interface VolumeOptions {
  /** Percent of a pool that must stay free. */
  readonly reservePercent: number;
}

export const volumeOptions = ({ POOL_RESERVE_PERCENT }: { POOL_RESERVE_PERCENT: number }): VolumeOptions => ({
  reservePercent: POOL_RESERVE_PERCENT,
});
