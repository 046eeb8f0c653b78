import type { Domain } from '@infinibay/libvirt';
import { hasVariables } from '@infinibay/libvirt-xml';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { FilterService } from '../filters/filter.service.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { unlessDone } from '../vms/unless-done.js';
import type { Deadline } from '../work/deadline.js';

/** What libvirt is asked of a domain that stands still where it has come to. */
@Injectable()
export class ArrivedDomain {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly filters: FilterService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * It runs on, or is off. What is off by itself stays so.
   * @throws DomainError FILTER_MISSING, FILTER_NOT_ENFORCED
   */
  async settle(domain: Domain, isOn: boolean, deadline: Deadline): Promise<void> {
    const power = await this.domains.power(domain, deadline);
    if (isOff(power)) {
      if (isOn) await this.tellOfLost(domain, deadline);
      return;
    }
    if (!isOn) return this.cutPower(domain, deadline);
    if (power !== 'running') await this.runOn(domain, deadline);
  }

  private async runOn(domain: Domain, deadline: Deadline): Promise<void> {
    await this.filters.requireFor(domain.uuid);
    await unlessDone(
      () => this.hypervisor.use('resume-domain', () => domain.resume({ timeoutMs: deadline.timeoutMs() })),
      async () => (await this.domains.power(domain, deadline)) === 'running',
    );
  }

  /** Its guest has ended before it ran on, and QEMU has written none of what came along. */
  private async tellOfLost({ uuid: vmId }: Domain, deadline: Deadline): Promise<void> {
    if (hasVariables(await this.domains.xmlOf(vmId, true, deadline)))
      this.logger.error({ vmId }, 'the guest ended before it ran on here: its variables of UEFI are as new');
  }

  async cutPower(domain: Domain, deadline: Deadline): Promise<void> {
    await this.hypervisor.use('destroy-domain', () => domain.destroy({ timeoutMs: deadline.timeoutMs() }));
  }
}
