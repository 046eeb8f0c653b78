import { DomainError } from '@infinibay/contracts';
import type { Domain } from '@infinibay/libvirt';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { RevertRecords } from '../vms/revert-records.js';
import { SnapshotFiles } from '../vms/snapshot-files.js';
import type { Deadline } from '../work/deadline.js';
import { SnapshotChecks, type SnapshotOf } from './snapshot-checks.js';
import { SnapshotRecords } from './snapshot-records.js';

/** For the memory of a large guest: it stands still meanwhile. */
const CAPTURE_TIMEOUT_MS = 1_800_000;
/** libvirt's words for why a guest stands still meanwhile. */
const HELD_FOR_SNAPSHOT: ReadonlySet<string> = new Set(['save', 'snapshot']);

/**
 * Takes snapshots, by libvirt: within the files of the disks, all of them at one moment. It is complete when libvirt has
 * it on record and each of its disks holds it; anything else is what an attempt has left, and is replaced.
 */
@Injectable()
export class SnapshotCapture {
  constructor(
    private readonly domains: DomainRepository,
    private readonly checks: SnapshotChecks,
    private readonly files: SnapshotFiles,
    private readonly records: SnapshotRecords,
    private readonly reverts: RevertRecords,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @returns bytes of its memory once it is complete; null when an agent before this one is still taking it */
  async begin(asked: SnapshotOf, deadline: Deadline): Promise<{ readonly work: Promise<number | null> }> {
    const { vmId, snapshotId } = asked;
    const domain = await this.domains.get(vmId, deadline);
    if (await this.records.has(domain, snapshotId, deadline)) {
      const memoryBytes = await this.memoryIn(vmId, snapshotId, asked.volumeIds);
      if (memoryBytes !== undefined) return { work: Promise.resolve(memoryBytes) };
      // libvirt puts it on record first, and stops the guest: whoever asked for it may have died.
      if (await this.isHeld(vmId, deadline)) return { work: Promise.resolve(null) };
    }
    await this.reverts.requireNone(vmId);
    await this.checks.requireTakeable(domain, asked, deadline);
    await this.removeRest(domain, asked, deadline);
    deadline.check();
    return { work: this.take(domain, asked) };
  }

  private async isHeld(vmId: string, deadline: Deadline): Promise<boolean> {
    const observed = await this.domains.observe(vmId, deadline);
    return observed?.power === 'paused' && HELD_FOR_SNAPSHOT.has(observed.reason);
  }

  private async take(domain: Domain, { vmId, snapshotId, withMemory, volumeIds }: SnapshotOf): Promise<number> {
    const started = performance.now();
    await this.records.take(domain, snapshotId, withMemory, CAPTURE_TIMEOUT_MS);
    const memoryBytes = await this.memoryIn(vmId, snapshotId, volumeIds);
    if (memoryBytes === undefined)
      throw new DomainError('HYPERVISOR_ERROR', { vmId, snapshotId, reason: 'a disk does not hold the snapshot' });
    const durationMs = Math.round(performance.now() - started);
    this.logger.info({ vmId, snapshotId, withMemory, memoryBytes, durationMs }, 'snapshot taken');
    return memoryBytes;
  }

  /** @returns undefined when one of its disks does not hold it */
  private async memoryIn(vmId: string, snapshotId: string, volumeIds: readonly string[]): Promise<number | undefined> {
    let bytes = 0;
    for (const held of await this.files.held(this.files.pathsOf(vmId, volumeIds), snapshotId)) {
      if (held === undefined) return undefined;
      bytes += held.memoryBytes;
    }
    return bytes;
  }

  private async removeRest(domain: Domain, asked: SnapshotOf, deadline: Deadline): Promise<void> {
    const { vmId, snapshotId, volumeIds } = asked;
    if (await this.records.has(domain, snapshotId, deadline))
      await this.records.delete(domain, snapshotId, true, deadline);
    // QEMU itself replaces what a running guest's disks hold under the name.
    if (isOff(await this.domains.power(domain, deadline)))
      await this.files.remove(this.files.pathsOf(vmId, volumeIds), snapshotId, deadline);
  }
}
