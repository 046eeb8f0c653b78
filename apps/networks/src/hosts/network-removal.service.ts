import { removeNetwork } from '@infinibay/contracts';
import { libvirtNetworkName } from '@infinibay/networks-domain';
import { RequestClient } from '@infinibay/platform-messaging';
import { hostFailure } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import type { HostNetworkKey } from './host-network.repository.js';
import { NetworkRemovalRepository } from './network-removal.repository.js';

const HOST_TIMEOUT_MS = 15_000;

/** Makes hosts forget networks that were deleted. */
@Injectable()
export class NetworkRemovalService {
  constructor(
    private readonly removals: NetworkRemovalRepository,
    private readonly requests: RequestClient,
  ) {}

  /** @throws DomainError HOST_UNAVAILABLE, HYPERVISOR_ERROR; it stays noted and is tried again later. */
  async remove(key: HostNetworkKey): Promise<void> {
    const { networkId, hostId } = key;
    try {
      await this.requests.call(
        removeNetwork,
        { networkId, name: libvirtNetworkName(networkId) },
        { hostId, timeoutMs: HOST_TIMEOUT_MS },
      );
    } catch (error) {
      const failure = hostFailure(error);
      await this.removals.recordFailure(key, failure.code);
      throw failure;
    }
    await this.removals.recordRemoved(key);
  }
}
