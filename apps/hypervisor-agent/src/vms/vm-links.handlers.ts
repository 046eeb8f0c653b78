import {
  DomainError,
  inspectPortLinks,
  setPortLinks,
  type ObservedLinks,
  type PortLink,
  type ReplyOf,
  type RequestOf,
} from '@infinibay/contracts';
import type { Domain } from '@infinibay/libvirt';
import { cardsWithOtherLinks, isOfRunningDomain, withPortLinks } from '@infinibay/libvirt-xml';
import { Authorize } from '@infinibay/platform-access';
import type { Logger } from '@infinibay/platform-logging';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import { Controller, Inject } from '@nestjs/common';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';
import { unlessDone } from './unless-done.js';

/** Which cards of a VM have a link: told, written into its definition, and brought to what runs. */
@Controller()
export class VmLinksHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Authorize()
  @HandlesRequest(inspectPortLinks)
  inspect(
    { vmId }: RequestOf<typeof inspectPortLinks>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof inspectPortLinks>> {
    return this.domains.links(vmId, new Deadline(until));
  }

  @Authorize()
  @HandlesRequest(setPortLinks)
  set(
    request: RequestOf<typeof setPortLinks>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof setPortLinks>> {
    const { vmId, of } = request;
    const down = new Set(request.down);
    return this.gate.perform(request, until, async (deadline) => {
      const domain = await this.domains.get(vmId, deadline);
      if (of === 'definition') await this.domains.redefine(domain, deadline, (xml) => withPortLinks(xml, down));
      else await this.relink(vmId, domain, down, deadline);
      return this.confirmed(vmId, of, down, deadline);
    });
  }

  /** Card by card, and only those that are to become others. A guest that stands still takes it as well. */
  private async relink(vmId: string, domain: Domain, down: ReadonlySet<string>, deadline: Deadline): Promise<void> {
    const xml = await this.hypervisor.use('read-domain', () => domain.xmlDesc({ timeoutMs: deadline.timeoutMs() }));
    if (!isOfRunningDomain(xml)) return;
    for (const card of cardsWithOtherLinks(xml, down)) {
      deadline.check();
      const change = () =>
        this.hypervisor.use('set-link', () =>
          domain.updateDevice(card, { live: true, timeoutMs: deadline.timeoutMs() }),
        );
      // It may have gone off just then.
      await unlessDone(change, async () => isOff(await this.domains.power(domain, deadline)));
    }
    this.logger.info({ vmId, down: [...down] }, 'links of a running guest set');
  }

  /** What the domain itself shows afterwards. @throws DomainError HYPERVISOR_ERROR */
  private async confirmed(
    vmId: string,
    of: 'definition' | 'live',
    down: ReadonlySet<string>,
    deadline: Deadline,
  ): Promise<ObservedLinks> {
    const links = await this.domains.links(vmId, deadline);
    const isOther = ({ mac, linkState }: PortLink): boolean => (linkState === 'DOWN') !== down.has(mac);
    const others = (links[of] ?? []).filter(isOther);
    if (others.length > 0)
      throw new DomainError('HYPERVISOR_ERROR', { vmId, others, reason: 'the domain does not show its new links' });
    return links;
  }
}
