import type { DomainPower } from '@infinibay/contracts';
import type { Domain } from '@infinibay/libvirt';
import type { RequestMeta } from '@infinibay/platform-messaging';
import { Injectable } from '@nestjs/common';
import { DomainRepository } from '../domains/domain.repository.js';
import type { Deadline } from '../work/deadline.js';
import { VmGate, type FencedRequest } from '../work/vm-gate.js';

/** One change of the power of a VM at a time, by nobody whose fence is old. */
@Injectable()
export class PowerChange {
  constructor(
    private readonly gate: VmGate,
    private readonly domains: DomainRepository,
  ) {}

  /** @returns the power after `change`, which is told the power before */
  async perform(
    request: FencedRequest,
    { deadline: until }: RequestMeta,
    change: (domain: Domain, power: DomainPower, deadline: Deadline) => Promise<void>,
  ): Promise<{ power: DomainPower }> {
    return this.gate.perform(request, until, async (deadline) => {
      const domain = await this.domains.get(request.vmId, deadline);
      await change(domain, await this.domains.power(domain, deadline), deadline);
      return { power: await this.domains.power(domain, deadline) };
    });
  }
}
