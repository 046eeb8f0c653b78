import { DomainError, type RequestOf, type deleteSnapshot } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { SnapshotFiles } from '../vms/snapshot-files.js';
import { Deadline } from '../work/deadline.js';
import { SnapshotRecords } from './snapshot-records.js';

/** Of a large disk many counts of references are written. */
const REMOVE_TIMEOUT_MS = 1_800_000;

type Asked = Pick<RequestOf<typeof deleteSnapshot>, 'vmId' | 'snapshotId' | 'volumeIds'>;

/** Removes snapshots: libvirt's record, and from each disk, whether or not the record was there. */
@Injectable()
export class SnapshotRemoval {
  constructor(
    private readonly domains: DomainRepository,
    private readonly files: SnapshotFiles,
    private readonly records: SnapshotRecords,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async remove({ vmId, snapshotId, volumeIds }: Asked): Promise<void> {
    const deadline = Deadline.after(REMOVE_TIMEOUT_MS);
    await this.files.requireStorage(vmId);
    const paths = this.files.pathsOf(vmId, volumeIds);
    const domain = await this.domains.find(vmId, deadline);
    const isOn = domain !== undefined && !isOff(await this.domains.power(domain, deadline));
    if (domain !== undefined) {
      // The disks of a running guest are QEMU's, and only by a record does libvirt delete from them.
      const isOnRecord = await this.records.has(domain, snapshotId, deadline);
      if (!isOnRecord && isOn && (await this.isHeld(paths, snapshotId)))
        await this.records.record(domain, snapshotId, deadline);
      deadline.check();
      await this.records.delete(domain, snapshotId, false, deadline);
    }
    if (!isOn) await this.files.remove(paths, snapshotId, deadline);
    if (await this.isHeld(paths, snapshotId))
      throw new DomainError('HYPERVISOR_ERROR', { vmId, snapshotId, reason: 'a disk still holds the snapshot' });
    this.logger.info({ vmId, snapshotId }, 'snapshot deleted');
  }

  private async isHeld(paths: readonly string[], snapshotId: string): Promise<boolean> {
    return (await this.files.held(paths, snapshotId)).some((one) => one !== undefined);
  }
}
