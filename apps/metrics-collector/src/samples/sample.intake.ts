import type { GuestMetrics } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { CollectorMetrics } from '../collector-metrics.js';
import { CONFIG, type CollectorConfig } from '../config.js';
import { LivePublisher } from './live.publisher.js';
import { toRow } from './sample-row.js';
import { SampleWriter } from './sample.writer.js';
import { VmDirectory } from './vm.directory.js';

/** Makes samples of what guests say: the host's clock, the department of the VM, at most one per interval. */
@Injectable()
export class SampleIntake {
  private readonly lastAt = new Map<string, number>();

  constructor(
    @Inject(CONFIG) private readonly config: CollectorConfig,
    private readonly directory: VmDirectory,
    private readonly writer: SampleWriter,
    private readonly live: LivePublisher,
    private readonly metrics: CollectorMetrics,
  ) {}

  accept(vmId: string, metrics: GuestMetrics): void {
    const now = performance.now();
    const last = this.lastAt.get(vmId);
    if (last !== undefined && now - last < this.config.SAMPLE_MIN_INTERVAL_MS) {
      this.metrics.sampleDropped('too_frequent');
      return;
    }
    const departmentId = this.directory.peek(vmId);
    if (departmentId === undefined) {
      this.metrics.sampleDropped('unknown_vm');
      return;
    }
    this.lastAt.set(vmId, now);
    const sample = { vmId, departmentId, sampledAt: new Date().toISOString(), metrics };
    this.live.publish(sample);
    this.writer.add(toRow(sample));
  }

  forget(vmId: string): void {
    this.lastAt.delete(vmId);
    this.directory.forget(vmId);
  }
}
