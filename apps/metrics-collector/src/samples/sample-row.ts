import { GuestMetrics, type GuestProcess, type GuestSample } from '@infinibay/contracts';
import { MAX_INT32 } from '../frames/json-fields.js';

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
  /** What this or an older version wrote. */
  readonly payload: unknown;
}

/** undefined for a row that no longer is a sample: it is passed over, and the others are still read. */
export const fromStored = (row: StoredSample): GuestSample | undefined => {
  const metrics = GuestMetrics.safeParse(row.payload);
  if (!metrics.success) return undefined;
  return {
    vmId: row.vm_id,
    departmentId: row.department_id,
    sampledAt: row.sampled_at.toISOString(),
    metrics: {
      ...metrics.data,
      processes: metrics.data.processes.filter(({ pid }) => pid <= MAX_INT32).map(ofKnownParent),
    },
  };
};

/** Before 0.2 ids of any size were stored. */
const ofKnownParent = (process: GuestProcess): GuestProcess =>
  process.parentPid !== null && process.parentPid > MAX_INT32 ? { ...process, parentPid: null } : process;
