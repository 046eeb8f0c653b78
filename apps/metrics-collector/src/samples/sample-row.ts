import type { GuestMetrics, GuestSample } from '@infinibay/contracts';

/** A sample as it is stored. */
export interface SampleRow {
  readonly vmId: string;
  readonly departmentId: string;
  readonly sampledAt: string;
  readonly uptimeSeconds: number;
  readonly cpuPercent: number;
  readonly memoryTotalKib: number;
  readonly memoryUsedKib: number;
  /** GuestMetrics as JSON text. */
  readonly payload: string;
}

export const toRow = ({ vmId, departmentId, sampledAt, metrics }: GuestSample): SampleRow => ({
  vmId,
  departmentId,
  sampledAt,
  uptimeSeconds: metrics.uptimeSeconds,
  cpuPercent: metrics.cpuPercent,
  memoryTotalKib: metrics.memory.totalKib,
  memoryUsedKib: metrics.memory.usedKib,
  payload: JSON.stringify(metrics),
});

/** As PostgreSQL returns it. */
export interface StoredSample {
  readonly vm_id: string;
  readonly department_id: string;
  readonly sampled_at: Date;
  readonly payload: GuestMetrics;
}

export const fromStored = (row: StoredSample): GuestSample => ({
  vmId: row.vm_id,
  departmentId: row.department_id,
  sampledAt: row.sampled_at.toISOString(),
  metrics: row.payload,
});
