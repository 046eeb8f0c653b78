import { getHostDetails, listHostVms, type ReplyOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { DomainRepository } from '../domains/domain.repository.js';
import { HostDetailsReader } from './host-details.reader.js';
import { InventoryService } from './inventory.service.js';

@Controller()
export class InventoryHandlers {
  constructor(
    private readonly inventory: InventoryService,
    private readonly details: HostDetailsReader,
    private readonly domains: DomainRepository,
  ) {}

  @Authorize()
  @HandlesRequest(listHostVms)
  async list(): Promise<ReplyOf<typeof listHostVms>> {
    const [inventory, vms] = await Promise.all([this.inventory.read(), this.domains.list()]);
    return { inventory, vms };
  }

  @Authorize()
  @HandlesRequest(getHostDetails)
  async getDetails(): Promise<ReplyOf<typeof getHostDetails>> {
    return { details: await this.details.read() };
  }
}
