import { inspectSizes, resizeDefinition, resizeLive, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import type { Domain, LibvirtErrorCode } from '@infinibay/libvirt';
import { withoutGuestNodes } from '@infinibay/libvirt-xml';
import { Authorize } from '@infinibay/platform-access';
import type { Logger } from '@infinibay/platform-logging';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import { Controller, Inject } from '@nestjs/common';
import { DomainRepository } from '../domains/domain.repository.js';
import { libvirtCodeOf, libvirtMessageOf } from '../hypervisor/libvirt-errors.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';
import { changesOfDefinition, changesOfRunning, type SizeChange } from './size-changes.js';

/** What libvirt says of a running domain that, or whose guest or emulator, does not take another size. */
const NOT_TAKEN: ReadonlySet<LibvirtErrorCode | undefined> = new Set<LibvirtErrorCode>([
  'INTERNAL_ERROR',
  'INVALID_ARG',
  'OPERATION_FAILED',
  'OPERATION_INVALID',
  'OPERATION_UNSUPPORTED',
  'OPERATION_TIMEOUT',
  'ARGUMENT_UNSUPPORTED',
  'CONFIG_UNSUPPORTED',
  'NO_SUPPORT',
]);

/** How large a VM is: told, written into its definition, and brought to what runs. */
@Controller()
export class VmSizesHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Authorize()
  @HandlesRequest(inspectSizes)
  inspect(
    { vmId }: RequestOf<typeof inspectSizes>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof inspectSizes>> {
    return this.domains.sizes(vmId, new Deadline(until));
  }

  @Authorize()
  @HandlesRequest(resizeDefinition)
  resizeDefinition(
    request: RequestOf<typeof resizeDefinition>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof resizeDefinition>> {
    const { vmId, sizes } = request;
    return this.gate.perform(request, until, async (deadline) => {
      const domain = await this.domains.get(vmId, deadline);
      const { definition } = await this.domains.sizes(vmId, deadline);
      const changes = definition === null ? [] : changesOfDefinition(definition, sizes);
      // libvirt gives a domain no other room than its nodes have; those that go with the new one the next start defines.
      if (changes.some(({ isOfRoom }) => isOfRoom === true))
        await this.domains.redefine(domain, deadline, withoutGuestNodes);
      for (const { make } of changes)
        await this.hypervisor.use('resize-definition', () => make(domain, deadline.timeoutMs()));
      return this.domains.sizes(vmId, deadline);
    });
  }

  @Authorize()
  @HandlesRequest(resizeLive)
  resizeLive(
    request: RequestOf<typeof resizeLive>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof resizeLive>> {
    const { vmId, sizes } = request;
    return this.gate.perform(request, until, async (deadline) => {
      const domain = await this.domains.get(vmId, deadline);
      const { live } = await this.domains.sizes(vmId, deadline);
      for (const one of live === null ? [] : changesOfRunning(live, sizes))
        await this.attempt(vmId, domain, one, deadline);
      return this.domains.sizes(vmId, deadline);
    });
  }

  /** A guest has seconds to let go of a processor, and one that was there at its start it keeps. */
  private async attempt(vmId: string, domain: Domain, { what, make }: SizeChange, deadline: Deadline): Promise<void> {
    try {
      await this.hypervisor.use('resize-live', () => make(domain, deadline.timeoutMs()));
    } catch (error) {
      if (!NOT_TAKEN.has(libvirtCodeOf(error))) throw error;
      this.logger.warn({ vmId, what, reason: libvirtMessageOf(error) }, 'a running guest does not take another size');
    }
  }
}
