import { DomainError, ensureSeed, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import { withSeed } from '@infinibay/libvirt-xml';
import type { Logger } from '@infinibay/platform-logging';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import { Controller, Inject } from '@nestjs/common';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import type { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';
import { SeedService } from './seed.service.js';

/** What the vms service wants cloud-init to find in a guest. */
@Controller()
export class SeedHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly domains: DomainRepository,
    private readonly seeds: SeedService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Authorize()
  @HandlesRequest(ensureSeed)
  async ensure(
    request: RequestOf<typeof ensureSeed>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof ensureSeed>> {
    return { written: await this.gate.perform(request, until, (deadline) => this.put(request, deadline)) };
  }

  private async put(
    { vmId, instanceId, metaData, userData, networkConfig }: RequestOf<typeof ensureSeed>,
    deadline: Deadline,
  ): Promise<boolean> {
    const domain = await this.domains.get(vmId, deadline);
    const power = await this.domains.power(domain, deadline);
    if (!isOff(power)) throw new DomainError('VM_BUSY', { vmId, power });
    const files = [
      { name: 'meta-data', content: metaData },
      { name: 'user-data', content: userData },
      { name: 'network-config', content: networkConfig },
    ];
    const written = await this.seeds.ensure(vmId, files, deadline);
    if (written) this.logger.info({ vmId, instanceId }, 'seed for cloud-init written');
    const path = this.seeds.pathOf(vmId);
    await this.domains.redefine(domain, deadline, (xml) => withSeed(xml, path));
    return written;
  }
}
