import { ensureNetwork, removeNetwork, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import { HandlesRequest } from '@infinibay/platform-messaging';
import { Injectable } from '@nestjs/common';
import { NetworkService } from './network.service.js';

@Injectable()
export class NetworkHandlers {
  constructor(private readonly networks: NetworkService) {}

  @HandlesRequest(ensureNetwork)
  async ensure({ spec, revision }: RequestOf<typeof ensureNetwork>): Promise<ReplyOf<typeof ensureNetwork>> {
    return { changed: await this.networks.ensure(spec, revision) };
  }

  @HandlesRequest(removeNetwork)
  async remove({ networkId, name }: RequestOf<typeof removeNetwork>): Promise<ReplyOf<typeof removeNetwork>> {
    return { removed: await this.networks.remove(networkId, name) };
  }
}
