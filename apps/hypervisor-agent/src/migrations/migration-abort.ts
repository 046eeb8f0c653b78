import { DomainError, type Departure } from '@infinibay/contracts';
import type { Domain } from '@infinibay/libvirt';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import { MigrationRecords, type MigrationRecord } from '../vms/migration-records.js';
import type { Deadline } from '../work/deadline.js';
import { DepartingDomain } from './departing-domain.js';
import { MigrationWorks } from './migration-works.js';

/** Takes back that a VM leaves this host, or tells that it has left. Nothing is said before libvirt is done with it. */
@Injectable()
export class MigrationAbort {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly records: MigrationRecords,
    private readonly departing: DepartingDomain,
    private readonly works: MigrationWorks,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Call within the gate of the VM. @throws DomainError VM_BUSY */
  async abort(vmId: string, migrationId: string, deadline: Deadline): Promise<Departure> {
    const record = await this.records.of(vmId, migrationId);
    if (record?.hasLeft === true) return 'LEFT';
    const domain = await this.domains.find(vmId, deadline);
    const isAtIt = this.works.isUnderWay(vmId);
    if (domain === undefined) return isAtIt ? 'UNDER_WAY' : 'GONE';
    if (isAtIt || (await this.departing.isUnderWay(domain, deadline))) {
      await this.endJob(domain, deadline);
      return 'UNDER_WAY';
    }
    if (record === undefined) return 'STAYED';
    // It has left since it was looked for: whoever asks again is told.
    if (!(await this.restore(domain, record, deadline))) return 'UNDER_WAY';
    // From now on it may be started here.
    await this.records.forget(vmId);
    this.logger.info({ vmId, migrationId }, 'the VM stays here');
    return 'STAYED';
  }

  /** There may be none yet, or none any more. */
  private async endJob(domain: Domain, deadline: Deadline): Promise<void> {
    try {
      await this.hypervisor.use('abort-job', () => domain.abortJob({ timeoutMs: deadline.timeoutMs() }));
    } catch (error) {
      const code = libvirtCodeOf(error);
      if (code !== 'OPERATION_INVALID' && code !== 'NO_DOMAIN') throw error;
    }
  }

  /**
   * One that was off was started only to be moved; one that ran may have been left standing still by a daemon that died.
   * @returns false: it is not here any more
   */
  private async restore(domain: Domain, { wasOff }: MigrationRecord, deadline: Deadline): Promise<boolean> {
    const power = (await this.domains.observe(domain.uuid, deadline))?.power;
    if (power === undefined) return false;
    const timeoutMs = deadline.timeoutMs();
    if (wasOff && !isOff(power)) await this.hypervisor.use('destroy-domain', () => domain.destroy({ timeoutMs }));
    if (!wasOff && power === 'paused') await this.letRunOn(domain, timeoutMs);
    return true;
  }

  /** Where both hosts have its disk, what stands still at the other may hold it: it stays here all the same. */
  private async letRunOn(domain: Domain, timeoutMs: number): Promise<void> {
    try {
      await this.hypervisor.use('resume-domain', () => domain.resume({ timeoutMs }));
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'HYPERVISOR_ERROR') throw error;
      this.logger.warn({ err: error, vmId: domain.uuid }, 'the VM stays here, but cannot run on yet');
    }
  }
}
