import type { DomainPower } from '@infinibay/contracts';
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
    if (isOff(power)) return;
    if (!isOn) return this.switchOff(domain, power, deadline);
    if (power !== 'running') await this.runOn(domain, deadline);
  }

  /**
   * QEMU writes variables of UEFI that came along to their file when the guest runs on: so it does for a moment, as it did
   * until it was moved.
   */
  private async switchOff(domain: Domain, power: DomainPower, deadline: Deadline): Promise<void> {
    const { uuid: vmId } = domain;
    if (power === 'paused' && hasVariables(await this.domains.xmlOf(vmId, false, deadline)))
      await this.runOn(domain, deadline).catch((error: unknown) => {
        this.logger.warn({ err: error, vmId }, 'variables of UEFI that came along could not be written');
      });
    await this.cutPower(domain, deadline);
  }

  private async runOn(domain: Domain, deadline: Deadline): Promise<void> {
    await this.filters.requireFor(domain.uuid);
    await unlessDone(
      () => this.hypervisor.use('resume-domain', () => domain.resume({ timeoutMs: deadline.timeoutMs() })),
      async () => (await this.domains.power(domain, deadline)) === 'running',
    );
  }

  async cutPower(domain: Domain, deadline: Deadline): Promise<void> {
    await this.hypervisor.use('destroy-domain', () => domain.destroy({ timeoutMs: deadline.timeoutMs() }));
  }
}
