import { attachPort, detachPort, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import { cardOf, cardXml, withoutCard } from '@infinibay/libvirt-xml';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { DomainDevices, type Device } from '../domains/domain-devices.js';
import { FilterService } from '../filters/filter.service.js';
import { VmGate } from '../work/vm-gate.js';

/** Cards of a VM beside its first one: they come and go while it runs as well. */
@Controller()
export class VmPortsHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly filters: FilterService,
    private readonly devices: DomainDevices,
  ) {}

  @Authorize()
  @HandlesRequest(attachPort)
  async attach(
    request: RequestOf<typeof attachPort>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof attachPort>> {
    const {
      vmId,
      nic: { mac },
      filterName,
    } = request;
    const isLive = await this.gate.perform(request, until, async (deadline) => {
      await this.filters.requireFor(vmId, [{ mac, filterName: filterName ?? undefined }]);
      const xmlFor = (domainXml: string): string => cardXml(request, domainXml);
      return this.devices.attach(vmId, { ...deviceOf(mac), xmlFor }, deadline);
    });
    return { isLive };
  }

  @Authorize()
  @HandlesRequest(detachPort)
  async detach(
    request: RequestOf<typeof detachPort>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof detachPort>> {
    const { vmId, mac } = request;
    return {
      isDetached: await this.gate.perform(request, until, (deadline) =>
        this.devices.detach(vmId, deviceOf(mac), deadline),
      ),
    };
  }
}

/** Told by its MAC address; libvirt is named the card as it has it. */
const deviceOf = (mac: string): Device => ({
  about: { kind: 'card', mac },
  find: (domainXml) => cardOf(domainXml, mac),
  without: (definition) => withoutCard(definition, mac),
});
