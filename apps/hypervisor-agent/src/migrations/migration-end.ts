import {
  DomainError,
  type DomainPower,
  type RequestOf,
  type endMigration,
  type finishMigration,
} from '@infinibay/contracts';
import type { Domain } from '@infinibay/libvirt';
import { Injectable } from '@nestjs/common';
import { diskError } from '../disks/disk-problem.js';
import { DiskService } from '../disks/disk.service.js';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { SeedService } from '../seeds/seed.service.js';
import { MigrationRecords, type MigrationRecord } from '../vms/migration-records.js';
import { unlessDone } from '../vms/unless-done.js';
import { VmService } from '../vms/vm.service.js';
import type { Deadline } from '../work/deadline.js';

/** The end of a migration: where the VM belongs it runs on, and where it does not nothing of it is left. */
@Injectable()
export class MigrationEnd {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly disks: DiskService,
    private readonly seeds: SeedService,
    private readonly records: MigrationRecords,
    private readonly vms: VmService,
  ) {}

  /**
   * Call within the gate of the VM.
   * @returns null: libvirt has no such domain
   * @throws DomainError VM_BUSY, the problems of disks
   */
  async finish(
    { vmId, migrationId, isOn }: RequestOf<typeof finishMigration>,
    deadline: Deadline,
  ): Promise<DomainPower | null> {
    const record = await this.records.of(vmId, migrationId);
    // It was done before: what the VM has come to since is not changed.
    if (record === undefined) return (await this.domains.observe(vmId, deadline))?.power ?? null;
    const finding = await this.disks.inspect(vmId, true);
    if (finding.status !== 'SOUND') throw diskError(vmId, finding.problem);
    await this.disks.adopt(vmId);
    const domain = await this.domains.find(vmId, deadline);
    if (domain !== undefined) await this.settle(domain, isOn, deadline);
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
    if (await this.isElsewhereToo(record, otherStorageId)) await this.disks.leave(vmId);
    else {
      await this.disks.remove(vmId, deadline);
      await this.seeds.remove(vmId);
    }
    await this.records.forget(vmId);
    return true;
  }

  private async settle(domain: Domain, isOn: boolean, deadline: Deadline): Promise<void> {
    const power = await this.domains.power(domain, deadline);
    if (isOff(power)) return;
    const timeoutMs = deadline.timeoutMs();
    if (!isOn) return this.hypervisor.use('destroy-domain', () => domain.destroy({ timeoutMs }));
    if (power === 'running') return;
    await unlessDone(
      () => this.hypervisor.use('resume-domain', () => domain.resume({ timeoutMs })),
      async () => (await this.domains.power(domain, deadline)) === 'running',
    );
  }

  /** What came here and stands still was never let run. At the source libvirt has ended it. */
  private async removeDomain(vmId: string, { role }: MigrationRecord, deadline: Deadline): Promise<void> {
    const domain = await this.domains.find(vmId, deadline);
    const power = domain === undefined ? 'off' : await this.domains.power(domain, deadline);
    if (domain !== undefined && !isOff(power)) {
      if (role === 'SOURCE' || power === 'running') throw new DomainError('VM_BUSY', { vmId, power, role });
      await this.hypervisor.use('destroy-domain', () => domain.destroy({ timeoutMs: deadline.timeoutMs() }));
    }
    await this.vms.undefine(vmId, deadline);
  }

  /** The file is the other host's disk. Looked at once more: it would be the only one. */
  private async isElsewhereToo({ isShared }: MigrationRecord, otherStorageId: string | null): Promise<boolean> {
    return isShared || otherStorageId === (await this.disks.storageId());
  }
}
