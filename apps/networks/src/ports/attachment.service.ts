import { randomUUID } from 'node:crypto';
import {
  DomainError,
  isRetryable,
  portAllocated,
  portReleased,
  type EventEnvelope,
  type RequestOf,
  type VmNic,
  type attachVm,
  type detachVm,
  type keepPorts,
  type prepareVmNetwork,
} from '@infinibay/contracts';
import { capacityOf, formatIpv4, lowestFreeAddress, macOfPort, parseNetworkCidr } from '@infinibay/networks-domain';
import { newEvent } from '@infinibay/platform-persistence';
import { advanceFence, type Effect } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import type { Network, Port } from '../generated/prisma/client.js';
import { HostNetworkRepository } from '../hosts/host-network.repository.js';
import { HostNetworkService } from '../hosts/host-network.service.js';
import { NetworkRepository } from '../networks/network.repository.js';
import { toNic } from './port.mapper.js';
import { PortRepository } from './port.repository.js';

type Attach = RequestOf<typeof attachVm>;
type Detach = RequestOf<typeof detachVm>;
type Keep = RequestOf<typeof keepPorts>;
type Prepare = RequestOf<typeof prepareVmNetwork>;

/** A MAC has 24 bits of its own: a few collisions in a row mean that something else is wrong. */
const MAC_ATTEMPTS = 16;

@Injectable()
export class AttachmentService {
  constructor(
    private readonly change: Change,
    private readonly networks: NetworkRepository,
    private readonly ports: PortRepository,
    private readonly hostNetworks: HostNetworkRepository,
    private readonly hosts: HostNetworkService,
  ) {}

  /**
   * Commits the port first, then makes the host have it: when the host does not answer, the caller asks again and
   * gets the same port.
   * @throws DomainError NETWORK_NOT_FOUND, ADDRESSES_EXHAUSTED, STALE_FENCE, HOST_UNAVAILABLE, HYPERVISOR_ERROR
   */
  async attach(request: Attach): Promise<VmNic> {
    const port = await this.change.run(async (tx) => {
      await advanceFence(tx, request.vmId, request.fence);
      return this.ensurePort(tx, request);
    });
    await this.hosts.apply({ networkId: request.networkId, hostId: request.hostId });
    return toNic(port);
  }

  /**
   * Makes a host have the network of a VM that is to come there. Its port stays where it is.
   * @throws DomainError NETWORK_NOT_FOUND, STALE_FENCE, HOST_UNAVAILABLE, HYPERVISOR_ERROR
   */
  async prepareOn({ vmId, departmentId, networkId, hostId, fence }: Prepare): Promise<void> {
    const key = { networkId, hostId };
    await this.change.run(async (tx) => {
      await advanceFence(tx, vmId, fence);
      const network = await this.networks.lock(tx, networkId);
      if (network?.departmentId !== departmentId) throw new DomainError('NETWORK_NOT_FOUND', { networkId });
      await this.hostNetworks.require(tx, key);
      return { answer: undefined, events: [] };
    });
    await this.hosts.apply(key);
  }

  /** @throws DomainError STALE_FENCE. A host that is away learns of it later: the addresses are free at once. */
  detach({ vmId, fence }: Detach): Promise<void> {
    return this.release(vmId, fence);
  }

  /** The same for the ports in other networks than these; the others are in this order. @throws DomainError STALE_FENCE */
  keep({ vmId, networkIds, fence }: Keep): Promise<void> {
    return this.release(vmId, fence, networkIds);
  }

  private async release(vmId: string, fence: number, keptNetworkIds: readonly string[] = []): Promise<void> {
    const freed = await this.change.run(async (tx) => {
      await advanceFence(tx, vmId, fence);
      await this.ports.order(tx, vmId, keptNetworkIds);
      return this.releasePorts(tx, vmId, keptNetworkIds);
    });
    const outcomes = await Promise.allSettled(
      freed.map((port) => this.hosts.apply({ networkId: port.networkId, hostId: port.hostId })),
    );
    for (const outcome of outcomes)
      if (outcome.status === 'rejected' && !isRetryable(outcome.reason)) throw outcome.reason;
  }

  private async ensurePort(tx: Transaction, request: Attach): Promise<Effect<Port>> {
    const network = await this.networks.lock(tx, request.networkId);
    if (network?.departmentId !== request.departmentId)
      throw new DomainError('NETWORK_NOT_FOUND', { networkId: request.networkId });
    const port = await this.ports.findOfVm(tx, request.vmId, network.id);
    if (port === null) return this.allocate(tx, network, request);
    if (port.hostId === request.hostId && port.hostname === request.hostname) return { answer: port, events: [] };
    if (port.hostId !== request.hostId)
      await this.hostNetworks.reissue(tx, [{ networkId: network.id, hostId: port.hostId }]);
    const moved = await this.ports.update(tx, port.id, { hostId: request.hostId, hostname: request.hostname });
    await this.hostNetworks.require(tx, { networkId: network.id, hostId: request.hostId });
    return { answer: moved, events: [] };
  }

  private async allocate(tx: Transaction, network: Network, request: Attach): Promise<Effect<Port>> {
    const cidr = parseNetworkCidr(network.cidr);
    const address = lowestFreeAddress(cidr, await this.ports.takenAddresses(tx, network.id));
    if (address === null)
      throw new DomainError('ADDRESSES_EXHAUSTED', { networkId: network.id, capacity: capacityOf(cidr) });
    const id = randomUUID();
    const port = await this.ports.create(tx, {
      id,
      networkId: network.id,
      departmentId: network.departmentId,
      vmId: request.vmId,
      hostId: request.hostId,
      hostname: request.hostname,
      mac: await this.freeMac(tx, id),
      address: formatIpv4(address),
      position: await this.ports.countOfVm(tx, request.vmId),
    });
    await this.hostNetworks.require(tx, { networkId: network.id, hostId: request.hostId });
    return { answer: port, events: [portEvent(portAllocated, port)] };
  }

  private async freeMac(tx: Transaction, portId: string): Promise<string> {
    for (let attempt = 0; attempt < MAC_ATTEMPTS; attempt += 1) {
      const mac = macOfPort(portId, attempt);
      if (!(await this.ports.isMacTaken(tx, mac))) return mac;
    }
    throw new DomainError('INTERNAL', { reason: 'no free MAC address' });
  }

  private async releasePorts(
    tx: Transaction,
    vmId: string,
    keptNetworkIds: readonly string[],
  ): Promise<Effect<Port[]>> {
    const freed = await this.ports.deleteOfVm(tx, vmId, keptNetworkIds);
    await this.hostNetworks.reissue(tx, freed);
    return { answer: freed, events: freed.map((port) => portEvent(portReleased, port)) };
  }
}

const portEvent = (contract: typeof portAllocated | typeof portReleased, port: Port): EventEnvelope =>
  newEvent(contract, {
    departmentId: port.departmentId,
    resource: { kind: 'port', id: port.id },
    data: { portId: port.id, networkId: port.networkId, vmId: port.vmId, mac: port.mac, address: port.address },
  });
