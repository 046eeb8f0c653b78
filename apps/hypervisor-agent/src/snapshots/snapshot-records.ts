import { DomainError } from '@infinibay/contracts';
import type { Domain } from '@infinibay/libvirt';
import { recordedSnapshotXml, snapshotXml } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { snapshotName } from '../vms/snapshot-files.js';
import type { Deadline } from '../work/deadline.js';

/** Snapshots as libvirt has them on record, and what is asked of it about them. */
@Injectable()
export class SnapshotRecords {
  constructor(private readonly hypervisor: Hypervisor) {}

  async has(domain: Domain, snapshotId: string, deadline: Deadline): Promise<boolean> {
    const record = await this.hypervisor.find('find-snapshot', 'NO_DOMAIN_SNAPSHOT', () =>
      domain.snapshots.handle(snapshotName(snapshotId)).record({ timeoutMs: deadline.timeoutMs() }),
    );
    return record !== undefined;
  }

  /** The domain as it was then. @throws DomainError SNAPSHOT_MISSING when there is no record */
  async xmlOf(domain: Domain, snapshotId: string, deadline: Deadline): Promise<string> {
    const xml = await this.hypervisor.find('read-snapshot', 'NO_DOMAIN_SNAPSHOT', () =>
      domain.snapshots.handle(snapshotName(snapshotId)).xmlDesc({ timeoutMs: deadline.timeoutMs() }),
    );
    if (xml === undefined) throw new DomainError('SNAPSHOT_MISSING', { snapshotId, reason: 'libvirt has no record' });
    return xml;
  }

  async take(domain: Domain, snapshotId: string, withMemory: boolean, timeoutMs: number): Promise<void> {
    const xml = snapshotXml(snapshotName(snapshotId), withMemory);
    await this.hypervisor.use('create-snapshot', () => domain.snapshots.create(xml, { timeoutMs }));
  }

  /** What the disks of a running guest hold under the name, as a record by which libvirt can delete it. */
  async record(domain: Domain, snapshotId: string, deadline: Deadline): Promise<void> {
    const definition = await this.hypervisor.use('read-domain', () =>
      domain.xmlDesc({ timeoutMs: deadline.timeoutMs() }),
    );
    const xml = recordedSnapshotXml(snapshotName(snapshotId), definition);
    await this.hypervisor.use('record-snapshot', () =>
      domain.snapshots.create(xml, { redefine: true, timeoutMs: deadline.timeoutMs() }),
    );
  }

  /** @param metadataOnly the disks keep what they hold. None is success */
  async delete(domain: Domain, snapshotId: string, metadataOnly: boolean, deadline: Deadline): Promise<void> {
    await this.hypervisor.find('delete-snapshot', 'NO_DOMAIN_SNAPSHOT', () =>
      domain.snapshots.handle(snapshotName(snapshotId)).delete({ metadataOnly, timeoutMs: deadline.timeoutMs() }),
    );
  }

  /** Lets the guest run on from there. */
  async loadMemory(domain: Domain, snapshotId: string, deadline: Deadline): Promise<void> {
    await this.hypervisor.use('revert-to-snapshot', () =>
      domain.snapshots.handle(snapshotName(snapshotId)).revert({ running: true, timeoutMs: deadline.timeoutMs() }),
    );
  }
}
