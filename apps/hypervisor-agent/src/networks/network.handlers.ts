import { ensureNetwork, removeNetwork, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { Deadline } from '../work/deadline.js';
import { NetworkService } from './network.service.js';

@Controller()
export class NetworkHandlers {
  constructor(private readonly networks: NetworkService) {}

  @Authorize()
  @HandlesRequest(ensureNetwork)
  async ensure(
    { spec, revision }: RequestOf<typeof ensureNetwork>,
    { deadline }: RequestMeta,
  ): Promise<ReplyOf<typeof ensureNetwork>> {
    return { changed: await this.networks.ensure(spec, revision, new Deadline(deadline)) };
  }

  @Authorize()
  @HandlesRequest(removeNetwork)
  async remove(
    { networkId, name }: RequestOf<typeof removeNetwork>,
    { deadline }: RequestMeta,
  ): Promise<ReplyOf<typeof removeNetwork>> {
    return { removed: await this.networks.remove(networkId, name, new Deadline(deadline)) };
  }
}
