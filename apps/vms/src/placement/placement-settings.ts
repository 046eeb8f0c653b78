import type { PlacementSettings } from '@infinibay/vms-domain';

export const PLACEMENT_SETTINGS = Symbol('PLACEMENT_SETTINGS');

export const placementSettings = (config: {
  PLACEMENT_CPU_RATIO?: number | undefined;
  PLACEMENT_MEMORY_RATIO: number;
  PLACEMENT_HOST_RESERVE_MIB: number;
  PLACEMENT_REQUIRE_FILTERS: 'true' | 'false';
}): PlacementSettings => ({
  cpuRatio: config.PLACEMENT_CPU_RATIO ?? null,
  memoryRatio: config.PLACEMENT_MEMORY_RATIO,
  hostReserveMib: config.PLACEMENT_HOST_RESERVE_MIB,
  requireFilters: config.PLACEMENT_REQUIRE_FILTERS === 'true',
});
