import {
  DomainError,
  type RequestOf,
  type TargetWithVolumes,
  type prepareMigrationWithVolumes,
} from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { DomainRepository } from '../domains/domain.repository.js';
import { HostFactsReader } from '../host/host-facts.js';
import { MigrationRecords } from '../vms/migration-records.js';
import type { ArrivingVolume, TransferredVolume } from '../volumes/volume-transfers.js';
import type { Deadline } from '../work/deadline.js';
import { ArrivingDisks } from './arriving-disks.js';
import { notMigratable } from './migration-facts.js';
import { MigrationPlaces } from './migration-places.js';

type Asked = RequestOf<typeof prepareMigrationWithVolumes>;

/** Makes this host ready for a VM that is still on another: everything that can refuse it is looked at before. */
@Injectable()
export class MigrationArrival {
  constructor(
    private readonly host: HostFactsReader,
    private readonly domains: DomainRepository,
    private readonly records: MigrationRecords,
    private readonly disks: ArrivingDisks,
    private readonly places: MigrationPlaces,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Call within the gate of the VM.
   * @throws DomainError VM_BUSY, VM_NOT_MIGRATABLE, IMAGE_MISSING, IMAGE_REPLACED, POOL_FULL, STORAGE_UNAVAILABLE, and the
   * problems of disks and volumes
   */
  async prepare(asked: Asked, deadline: Deadline): Promise<TargetWithVolumes> {
    const { vmId, migrationId, source } = asked;
    await this.requireAble(asked);
    const addresses = this.places.addressesFor(vmId);
    const record = await this.records.of(vmId, migrationId);
    // What is there may be what an attempt before has left, and stands still; it is not written over.
    if ((await this.domains.observe(vmId, deadline)) !== undefined)
      throw new DomainError('VM_BUSY', { vmId, reason: 'this host has a domain of it' });
    const storage = await this.disks.compare(source, record);
    const { storageId, isShared, volumes } = storage;
    for (const { volumeId } of volumes) await this.records.requireNoneOfVolume(volumeId, vmId);
    await this.disks.requirePlaces(asked, storage, record !== undefined);
    deadline.check();
    await this.disks.expect(storage);
    const mine = { role: 'TARGET', isShared, wasOff: false, hasBegun: false, hasLeft: false } as const;
    await this.records.keep(vmId, { migrationId, ...mine, volumes: volumes.map(transferOf) });
    await this.disks.make(asked, storage);
    const paths = await this.places.make(asked, deadline);
    this.logger.info(
      { vmId, migrationId, isShared, volumes: volumes.length },
      'ready for a VM that comes from another host',
    );
    return { storageId, ...addresses, ...paths, volumes: volumes.map(({ there }) => there) };
  }

  private async requireAble({ vmId, source }: Asked): Promise<void> {
    const { driver, virtType } = await this.host.capabilities();
    if (driver.toLowerCase() !== 'qemu') throw notMigratable(vmId, 'DRIVER');
    if (source.virtType === 'kvm' && virtType !== 'kvm') throw notMigratable(vmId, 'ACCELERATION');
  }
}

const transferOf = ({ volumeId, otherStorageId, isShared }: ArrivingVolume): TransferredVolume => ({
  volumeId,
  otherStorageId,
  isShared,
});
