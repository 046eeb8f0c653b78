import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Failpoints } from './failpoints.js';

export const RECONCILE_OPTIONS = Symbol('RECONCILE_OPTIONS');

export interface ReconcileOptions {
  /** Unique per process start: a process that was killed does not own its former leases. */
  readonly workerId: string;
  readonly workers: number;
  readonly leaseMs: number;
  readonly shutdownGraceMs: number;
  readonly retryLimitMs: number;
  readonly failpoints: Failpoints;
}

export const reconcileOptions = (config: {
  RECONCILE_WORKERS: number;
  LEASE_SECONDS: number;
  SHUTDOWN_GRACE_SECONDS: number;
  RETRY_LIMIT_SECONDS: number;
  FAILPOINT: string | undefined;
  FAILPOINT_DIR: string | undefined;
}): ReconcileOptions => ({
  workerId: `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`,
  workers: config.RECONCILE_WORKERS,
  leaseMs: config.LEASE_SECONDS * 1_000,
  shutdownGraceMs: config.SHUTDOWN_GRACE_SECONDS * 1_000,
  retryLimitMs: config.RETRY_LIMIT_SECONDS * 1_000,
  failpoints: new Failpoints(config.FAILPOINT, config.FAILPOINT_DIR),
});
