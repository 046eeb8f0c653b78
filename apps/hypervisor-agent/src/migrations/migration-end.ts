import {
  DomainError,
  type DomainPower,
  type RequestOf,
  type endMigration,
  type finishMigration,
} from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { MigrationRecords, mayBeEnded, type MigrationRecord } from '../vms/migration-records.js';
import { VmService } from '../vms/vm.service.js';
import type { Deadline } from '../work/deadline.js';
import { ArrivedDomain } from './arrived-domain.js';
import { MigratedStorage } from './migrated-storage.js';

/** The end of a migration: where the VM belongs it runs on, and where it does not nothing of it is left. */
@Injectable()
export class MigrationEnd {
  constructor(
    private readonly domains: DomainRepository,
    private readonly records: MigrationRecords,
    private readonly storage: MigratedStorage,
    private readonly vms: VmService,
    private readonly arrived: ArrivedDomain,
  ) {}

  /**
   * Call within the gate of the VM.
   * @returns null: libvirt has no such domain
   * @throws DomainError VM_BUSY, FILTER_MISSING, FILTER_NOT_ENFORCED, the problems of disks and volumes
   */
  async finish(
    { vmId, migrationId, isOn }: RequestOf<typeof finishMigration>,
    deadline: Deadline,
  ): Promise<DomainPower | null> {
    const record = await this.records.of(vmId, migrationId);
    // It was done before: what the VM has come to since is not changed.
    if (record === undefined) return (await this.domains.observe(vmId, deadline))?.power ?? null;
    await this.storage.adopt(vmId, record, isOn);
    const domain = await this.domains.find(vmId, deadline);
    if (domain !== undefined) await this.arrived.settle(domain, isOn, deadline);
    if (isOn) await this.storage.settle(vmId);
    await this.storage.renounce(migrationId);
    await this.records.forget(vmId);
    return domain === undefined ? null : this.domains.power(domain, deadline);
  }

  /**
   * Call within the gate of the VM.
   * @returns whether there was anything
   * @throws DomainError VM_BUSY when its guest runs here
   */
  async end(
    { vmId, migrationId, otherStorageId }: RequestOf<typeof endMigration>,
    deadline: Deadline,
  ): Promise<boolean> {
    const record = await this.records.of(vmId, migrationId);
    // What this migration has not made here is not removed for it.
    if (record === undefined) return false;
    await this.removeDomain(vmId, record, deadline);
    await this.storage.leave(vmId, record, otherStorageId, deadline);
    await this.storage.renounce(migrationId);
    await this.records.forget(vmId);
    return true;
  }

  private async removeDomain(vmId: string, record: MigrationRecord, deadline: Deadline): Promise<void> {
    const domain = await this.domains.find(vmId, deadline);
    const power = domain === undefined ? 'off' : await this.domains.power(domain, deadline);
    if (domain !== undefined && !isOff(power)) {
      if (!mayBeEnded(record, power)) throw new DomainError('VM_BUSY', { vmId, power, role: record.role });
      await this.arrived.cutPower(domain, deadline);
    }
    await this.vms.undefine(vmId, deadline, record.isShared);
  }
}
