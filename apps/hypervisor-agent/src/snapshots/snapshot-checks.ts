import { DomainError } from '@infinibay/contracts';
import { diskFilesOf, domainOfSnapshot } from '@infinibay/libvirt-xml';
import type { Domain } from '@infinibay/libvirt';
import { Injectable } from '@nestjs/common';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { HostFactsReader } from '../host/host-facts.js';
import { DomainDisks } from '../vms/domain-disks.js';
import { SnapshotFiles } from '../vms/snapshot-files.js';
import { VolumeService } from '../volumes/volume.service.js';
import type { Deadline } from '../work/deadline.js';
import { SnapshotRecords } from './snapshot-records.js';

const KIB = 1_024;

/** Which VM, which snapshot of it, and what belongs to that. */
export interface SnapshotOf {
  readonly vmId: string;
  readonly snapshotId: string;
  readonly volumeIds: readonly string[];
  readonly withMemory: boolean;
}

/** Everything that can refuse a snapshot, or the way back to one, looked at before anything is changed. */
@Injectable()
export class SnapshotChecks {
  constructor(
    private readonly host: HostFactsReader,
    private readonly domains: DomainRepository,
    private readonly disks: DomainDisks,
    private readonly volumes: VolumeService,
    private readonly files: SnapshotFiles,
    private readonly records: SnapshotRecords,
  ) {}

  /** @throws DomainError UNSUPPORTED_BY_DRIVER, VM_BUSY, SNAPSHOT_DISKS_DIFFER, SNAPSHOT_NEEDS_RESTART, POOL_FULL, the problems of disks and volumes */
  async requireTakeable(
    domain: Domain,
    { vmId, withMemory, volumeIds }: SnapshotOf,
    deadline: Deadline,
  ): Promise<void> {
    const { driver } = await this.host.capabilities();
    if (driver.toLowerCase() !== 'qemu') throw new DomainError('UNSUPPORTED_BY_DRIVER', { driver });
    const power = await this.domains.power(domain, deadline);
    const fits = withMemory ? power === 'running' || power === 'paused' : isOff(power);
    if (!fits) throw new DomainError('VM_BUSY', { vmId, power });
    await this.disks.requireExactly(vmId, volumeIds, deadline);
    if (isOff(power)) return this.files.requireSound(vmId, volumeIds);
    await this.requireRoomForMemory(vmId, deadline);
  }

  /** @throws DomainError SNAPSHOT_NEEDS_RESTART, POOL_FULL */
  async requireRoomForMemory(vmId: string, deadline: Deadline): Promise<void> {
    if (await this.domains.hasPluggedVcpus(vmId, deadline)) throw new DomainError('SNAPSHOT_NEEDS_RESTART', { vmId });
    const { live } = await this.domains.sizes(vmId, deadline);
    const { availableBytes } = await this.volumes.pool();
    // What does not fit would pause the guest for want of space, and others with it.
    if (availableBytes < (live?.memoryKib ?? 0) * KIB) throw new DomainError('POOL_FULL', { vmId, availableBytes });
  }

  /** @throws DomainError SNAPSHOT_MISSING, SNAPSHOT_DISKS_DIFFER, the problems of disks and volumes */
  async requireReachable(domain: Domain, snapshot: SnapshotOf, deadline: Deadline): Promise<void> {
    const { vmId, snapshotId, volumeIds, withMemory } = snapshot;
    const paths = this.files.pathsOf(vmId, volumeIds);
    await this.files.requireSound(vmId, volumeIds);
    const held = await this.files.held(paths, snapshotId);
    const lacking = held.filter((one) => one === undefined).length;
    const hasMemory = held.some((one) => one !== undefined && one.memoryBytes > 0);
    if (lacking > 0 || (withMemory && !hasMemory))
      throw new DomainError('SNAPSHOT_MISSING', { vmId, snapshotId, lacking, hasMemory });
    if (!withMemory) return;
    const hasSeed = await this.disks.requireExactly(vmId, volumeIds, deadline);
    const machine = domainOfSnapshot(await this.records.xmlOf(domain, snapshotId, deadline));
    // A guest that had a CD-ROM is not brought back without it; one that had none does not miss it.
    const lacksSeed = this.disks.haveSeed(vmId, diskFilesOf(machine)) && !hasSeed;
    if (lacksSeed || !this.disks.areExactly(vmId, volumeIds, machine))
      throw new DomainError('SNAPSHOT_DISKS_DIFFER', { vmId, snapshotId, lacksSeed });
    if (hasSeed) await this.disks.requireSeed(vmId);
    await this.disks.requireMedia(vmId, machine);
  }
}
