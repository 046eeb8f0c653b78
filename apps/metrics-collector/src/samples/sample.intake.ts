import type { GuestMetrics } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { CollectorMetrics } from '../metrics/collector-metrics.js';
import { CONFIG, type CollectorConfig } from '../config.js';
import { TokenBucket } from '../limits/token-bucket.js';
import { LivePublisher } from './live.publisher.js';
import { toRow } from './sample-row.js';
import { SampleWriter } from './sample.writer.js';
import { VmDirectory } from './vm.directory.js';

/** Samples that may come together after a pause, such as those that waited for a full pipe. */
const BURST = 2;

/** Makes samples of what guests say: the host's clock, the department of the VM, one per interval in the long run. */
@Injectable()
export class SampleIntake {
  private readonly allowances = new Map<string, TokenBucket>();

  constructor(
    @Inject(CONFIG) private readonly config: CollectorConfig,
    private readonly directory: VmDirectory,
    private readonly writer: SampleWriter,
    private readonly live: LivePublisher,
    private readonly metrics: CollectorMetrics,
  ) {}

  accept(vmId: string, metrics: GuestMetrics): void {
    const allowance = this.allowanceOf(vmId);
    if (allowance !== undefined && allowance.waitMs() > 0) {
      this.metrics.sampleDropped('too_frequent');
      return;
    }
    const departmentId = this.directory.peek(vmId);
    if (departmentId === undefined) {
      this.metrics.sampleDropped('unknown_vm');
      return;
    }
    allowance?.withdraw(1);
    const sample = { vmId, departmentId, sampledAt: new Date().toISOString(), metrics };
    this.live.publish(sample);
    this.writer.add(toRow(sample));
  }

  /** Samples that come each interval come a little early as often as late: what was not used up yet counts. */
  private allowanceOf(vmId: string): TokenBucket | undefined {
    const intervalMs = this.config.SAMPLE_MIN_INTERVAL_MS;
    if (intervalMs === 0) return undefined;
    const known = this.allowances.get(vmId) ?? new TokenBucket(1_000 / intervalMs, BURST);
    this.allowances.set(vmId, known);
    return known;
  }

  forget(vmId: string): void {
    this.allowances.delete(vmId);
    this.directory.forget(vmId);
  }
}
