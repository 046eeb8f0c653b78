import { randomUUID } from 'node:crypto';
import {
  DomainError,
  attachVm,
  detachVm,
  findNics,
  findPorts,
  isPlainDhcpHostname,
  isRetryable,
  keepPort,
  keepPorts,
  prepareVmNetwork,
  type VmNic,
} from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestHost } from '../testing/test-host.js';
import { TestService, actorOf } from '../testing/test-service.js';

const DELETE = `mutation ($input: DeleteNetworkInput!) { deleteNetwork(input: $input) }`;
const PORTS = `query ($vms: [_Any!]!) { _entities(representations: $vms) { ... on Vm { ports { mac address network { id name } vm { id } } } } }`;

interface PortPage {
  readonly nodes: { address: string }[];
  readonly totalCount: number;
  readonly pageInfo: { endCursor: string | null; hasNextPage: boolean };
}

describe('attachments of VMs to networks', () => {
  const departmentId = randomUUID();
  let service: TestService;
  let host: TestHost;
  let octet = 0;

  beforeAll(async () => {
    service = await TestService.start({ NETWORK_VERIFY_SECONDS: '1' });
    host = new TestHost();
    host.connect(service);
  });
  afterAll(() => service.stop());

  const newNetwork = (prefix = 24): Promise<string> =>
    service.insertNetwork(departmentId, randomUUID(), `10.44.${octet++}.0/${prefix}`);
  const attach = async (
    networkId: string,
    vmId: string = randomUUID(),
    fence = 1,
    hostId = host.hostId,
    hostname = 'web-1',
  ): Promise<VmNic> => (await service.call(attachVm, { vmId, departmentId, networkId, hostId, hostname, fence })).nic;

  /** As vms does it: what a busy machine refuses for the moment is asked for again. */
  const attachAtLast = async (networkId: string): Promise<VmNic> => {
    const vmId = randomUUID();
    for (;;) {
      try {
        return await attach(networkId, vmId);
      } catch (error) {
        if (!(error instanceof DomainError && isRetryable(error))) throw error;
      }
    }
  };

  it('gives 50 VMs that come at once 50 addresses and MACs, and the host all reservations', async () => {
    const networkId = await newNetwork();
    const before = host.ensureCalls;
    const nics = await Promise.all(Array.from({ length: 50 }, () => attachAtLast(networkId)));
    expect(new Set(nics.map((nic) => nic.address)).size).toBe(50);
    expect(new Set(nics.map((nic) => nic.mac)).size).toBe(50);
    const reserved =
      host.networks.get(networkId)?.spec.reservations.map(({ mac, address }) => `${mac} ${address}`) ?? [];
    expect(reserved.sort()).toEqual(nics.map((nic) => `${nic.mac} ${nic.address}`).sort());
    expect(host.ensureCalls - before).toBeLessThan(50);
  });

  it('gives the same port to every repetition, also in parallel', async () => {
    const networkId = await newNetwork();
    const vmId = randomUUID();
    const nics = await Promise.all(Array.from({ length: 8 }, () => attach(networkId, vmId)));
    nics.push(await attach(networkId, vmId, 2));
    expect(new Set(nics.map((nic) => JSON.stringify(nic))).size).toBe(1);
    expect(nics[0]?.address).toMatch(/\.2$/);
    const told = (await service.events('port.allocated')).filter((event) => event.resource.id === nics[0]?.portId);
    expect(told).toMatchObject([{ departmentId, data: { vmId, networkId, address: nics[0]?.address } }]);
  });

  it('reserves addresses under names that a DHCP server reads as names, one for each VM', async () => {
    const networkId = await newNetwork();
    const names = ['ignore', 'infinite', '60', '1h', 'wpad', 'web-2', 'same', 'same', 'vm-60'];
    for (const name of names) await attach(networkId, randomUUID(), 1, host.hostId, name);
    const reserved = host.networks.get(networkId)?.spec.reservations.map(({ hostname }) => hostname ?? '') ?? [];
    expect(new Set(reserved).size).toBe(names.length);
    expect(reserved.every(isPlainDhcpHostname)).toBe(true);
    expect(reserved).toEqual(
      expect.arrayContaining(['vm-ignore', 'vm-infinite', 'vm-1h', 'vm-wpad', 'web-2', 'same', 'vm-60']),
    );
  });

  it('gives a VM that was renamed its new name at the next attachment, and the same card', async () => {
    const networkId = await newNetwork();
    const vmId = randomUUID();
    const before = await attach(networkId, vmId, 1, host.hostId, 'old-name');
    const reserved = () => host.networks.get(networkId)?.spec.reservations;
    expect(reserved()).toMatchObject([{ address: before.address, hostname: 'old-name' }]);
    expect(await attach(networkId, vmId, 2, host.hostId, 'new-name')).toEqual(before);
    expect(reserved()).toMatchObject([{ address: before.address, hostname: 'new-name' }]);
    const heir = await attach(networkId, randomUUID(), 1, host.hostId, 'old-name');
    expect(reserved()?.map(({ address, hostname }) => [address, hostname])).toEqual(
      expect.arrayContaining([
        [before.address, 'new-name'],
        [heir.address, 'old-name'],
      ]),
    );
  });

  it('refuses the VM that finds the network full, and takes it after another left', async () => {
    const networkId = await newNetwork(30);
    const first = randomUUID();
    const { address } = await attach(networkId, first);
    await expect(attach(networkId)).rejects.toMatchObject({ code: 'ADDRESSES_EXHAUSTED', details: { capacity: 1 } });
    await service.call(detachVm, { vmId: first, hostId: host.hostId, fence: 2 });
    expect((await attach(networkId)).address).toBe(address);
  });

  it('keeps the port of a VM whose host does not answer, and gives it when the host is back', async () => {
    const networkId = await newNetwork();
    const vmId = randomUUID();
    const away = new TestHost();
    await expect(attach(networkId, vmId, 1, away.hostId)).rejects.toMatchObject({ code: 'HOST_UNAVAILABLE' });
    away.connect(service);
    const nic = await attach(networkId, vmId, 1, away.hostId);
    expect(away.networks.get(networkId)?.spec.reservations).toMatchObject([
      { address: nic.address, hostname: 'web-1' },
    ]);
  });

  it('brings a host that was away up to date by itself', async () => {
    const networkId = await newNetwork();
    const vmId = randomUUID();
    await attach(networkId, vmId);
    host.failure = new DomainError('HYPERVISOR_ERROR');
    await service.call(detachVm, { vmId, hostId: host.hostId, fence: 2 });
    expect(host.networks.get(networkId)?.spec.reservations).toHaveLength(1);
    host.failure = undefined;
    await pollUntil(() => host.networks.get(networkId)?.spec.reservations.length === 0, {
      what: 'the reservation to go',
    });
  });

  it('holds up no host for another that hangs', async () => {
    const slow = new TestHost();
    slow.connect(service);
    for (let count = 0; count < 12; count += 1) await attach(await newNetwork(), randomUUID(), 1, slow.hostId);
    let release: () => void = () => undefined;
    // Counted from before it hangs: due rows are taken at once, and a host that is busy is asked no more.
    const calls = slow.ensureCalls;
    slow.hanging = new Promise<void>((resolve) => (release = resolve));
    const networkId = await newNetwork();
    await attach(networkId);
    // Every network of the slow host is due within a second, and stays stuck.
    await pollUntil(() => slow.ensureCalls >= calls + 8, { what: 'the slow host to be asked' });
    host.networks.delete(networkId);
    await pollUntil(() => host.networks.has(networkId), {
      what: 'the healthy host to get its network',
      timeoutMs: 5_000,
    });
    release();
  });

  it('gives a host back a network that it lost', async () => {
    const networkId = await newNetwork();
    await attach(networkId);
    host.networks.delete(networkId);
    await pollUntil(() => host.networks.has(networkId), { what: 'the network to come back' });
  });

  it('refuses an older worker, also after the VM is gone', async () => {
    const networkId = await newNetwork();
    const vmId = randomUUID();
    await attach(networkId, vmId, 5);
    await expect(attach(networkId, vmId, 4)).rejects.toMatchObject({ code: 'STALE_FENCE' });
    await service.call(detachVm, { vmId, hostId: host.hostId, fence: 6 });
    await expect(attach(networkId, vmId, 5)).rejects.toMatchObject({ code: 'STALE_FENCE' });
    await expect(service.call(detachVm, { vmId, hostId: null, fence: 6 })).resolves.toEqual({});
  });

  it('makes a host ready for a VM whose port stays where it is until it has come', async () => {
    const networkId = await newNetwork();
    const vmId = randomUUID();
    const nic = await attach(networkId, vmId);
    const other = new TestHost();
    other.connect(service);
    const asked = { vmId, departmentId, networkId, hostId: other.hostId };
    const reservedOn = (one: TestHost) => one.networks.get(networkId)?.spec.reservations.map(({ mac }) => mac);
    for (const fence of [2, 2]) await service.call(prepareVmNetwork, { ...asked, fence });
    expect([reservedOn(host), reservedOn(other)]).toEqual([[nic.mac], []]);
    expect(await attach(networkId, vmId, 3, other.hostId)).toEqual(nic);
    expect(reservedOn(other)).toEqual([nic.mac]);
    const late = service.call(prepareVmNetwork, { ...asked, fence: 1 });
    await expect(late).rejects.toMatchObject({ code: 'STALE_FENCE' });
    const foreign = service.call(prepareVmNetwork, { ...asked, departmentId: randomUUID(), fence: 4 });
    await expect(foreign).rejects.toMatchObject({ code: 'NETWORK_NOT_FOUND' });
  });

  it('moves the reservation of a VM that comes to another host', async () => {
    const networkId = await newNetwork();
    const vmId = randomUUID();
    const other = new TestHost();
    other.connect(service);
    const before = await attach(networkId, vmId);
    expect(await attach(networkId, vmId, 2, other.hostId)).toEqual(before);
    expect(other.networks.get(networkId)?.spec.reservations).toHaveLength(1);
    await pollUntil(() => host.networks.get(networkId)?.spec.reservations.length === 0, {
      what: 'the old host to forget it',
    });
  });

  it('keeps one port of a VM that goes to another department, and frees the other', async () => {
    const [ours, theirDepartment, vmId] = [await newNetwork(30), randomUUID(), randomUUID()];
    const theirs = await service.insertNetwork(theirDepartment, 'theirs', `10.44.${octet++}.0/24`);
    const before = await attach(ours, vmId, 5);
    const request = { vmId, departmentId: theirDepartment, networkId: theirs, hostId: host.hostId, hostname: 'web-1' };
    const { nic } = await service.call(attachVm, { ...request, fence: 6 });
    const both = (await service.call(findPorts, { vmId })).ports.map(({ portId }) => portId);
    expect(both.sort()).toEqual([before.portId, nic.portId].sort());
    // Until it is said which one it keeps it has both: whoever took the address would have it taken back.
    await expect(attach(ours)).rejects.toMatchObject({ code: 'ADDRESSES_EXHAUSTED' });
    await expect(service.call(keepPort, { vmId, networkId: theirs, fence: 5 })).rejects.toMatchObject({
      code: 'STALE_FENCE',
    });
    for (const fence of [6, 7]) await service.call(keepPort, { vmId, networkId: theirs, fence });
    expect((await service.call(attachVm, { ...request, fence: 7 })).nic).toEqual(nic);
    const released = (await service.events('port.released')).filter(({ resource }) => resource.id === before.portId);
    expect(released).toMatchObject([{ departmentId, data: { vmId, networkId: ours, address: before.address } }]);
    expect(host.networks.get(ours)?.spec.reservations).toEqual([]);
    expect((await attach(ours)).address).toBe(before.address);
    // A transfer that came to nothing: what was reserved for it goes in the same way.
    await service.call(attachVm, { ...request, vmId, departmentId, networkId: await newNetwork(), fence: 8 });
    await service.call(keepPort, { vmId, networkId: theirs, fence: 8 });
    const vms = [{ __typename: 'Vm', id: vmId }];
    const member = actorOf([departmentId, theirDepartment]);
    expect((await service.graphql(member, PORTS, { vms })).data?.['_entities']).toMatchObject([
      { ports: [{ mac: nic.mac, network: { id: theirs } }] },
    ]);
  });

  it('gives a VM a port in each of several networks, and keeps those that are said, in that order', async () => {
    const vmId = randomUUID();
    const [first, second, third] = [await newNetwork(), await newNetwork(), await newNetwork()];
    const nics = new Map<string, VmNic>();
    for (const networkId of [first, second, third]) nics.set(networkId, await attach(networkId, vmId, 3));
    const found = async () => (await service.call(findNics, { vmId })).nics;
    const inOrder = (...networkIds: string[]) => networkIds.map((networkId) => nics.get(networkId));
    expect(await found()).toEqual(inOrder(first, second, third));
    const stale = service.call(keepPorts, { vmId, networkIds: [third], fence: 2 });
    await expect(stale).rejects.toMatchObject({ code: 'STALE_FENCE' });
    for (const fence of [3, 4]) await service.call(keepPorts, { vmId, networkIds: [third, first], fence });
    expect(await found()).toEqual(inOrder(third, first));
    const vms = [{ __typename: 'Vm', id: vmId }];
    const shown = (await service.graphql(actorOf([departmentId]), PORTS, { vms })).data?.['_entities'];
    expect(shown).toMatchObject([{ ports: inOrder(third, first).map((nic) => ({ mac: nic?.mac })) }]);
    expect(host.networks.get(second)?.spec.reservations).toEqual([]);
    expect(host.networks.get(third)?.spec.reservations).toMatchObject([{ mac: nics.get(third)?.mac }]);
    // What it is attached to again comes last.
    const again = await attach(second, vmId, 4);
    expect(again.mac).not.toBe(nics.get(second)?.mac);
    expect((await found()).map(({ networkId }) => networkId)).toEqual([third, first, second]);
  });

  it('attaches no VM to a network of another department', async () => {
    const networkId = await service.insertNetwork(randomUUID(), 'theirs', `10.44.${octet++}.0/24`);
    await expect(attach(networkId)).rejects.toMatchObject({ code: 'NETWORK_NOT_FOUND' });
  });

  it('deletes a network only without ports, and then from its hosts as well', async () => {
    const networkId = await newNetwork();
    const vmId = randomUUID();
    const member = actorOf([departmentId]);
    const remove = () => service.graphql(member, DELETE, { input: { networkId, idempotencyKey: randomUUID() } });
    await attach(networkId, vmId);
    expect((await remove()).codes).toEqual(['NETWORK_IN_USE']);
    await service.call(detachVm, { vmId, hostId: host.hostId, fence: 2 });
    expect((await remove()).codes).toEqual([]);
    await pollUntil(() => !host.networks.has(networkId), { what: 'the host to forget the network' });
    const events = [...(await service.events('port.released')), ...(await service.events('network.deleted'))];
    expect(events.filter((event) => JSON.stringify(event.data).includes(networkId)).map((event) => event.name)).toEqual(
      ['port.released', 'network.deleted'],
    );
  });

  it('shows the ports of a network in pages', async () => {
    const networkId = await newNetwork();
    const nics = await Promise.all([1, 2, 3].map(() => attach(networkId)));
    const query = `query ($id: ID!, $after: String) { network(id: $id) { ports(first: 2, after: $after) { nodes { address } totalCount pageInfo { endCursor hasNextPage } } } }`;
    const read = async (after: string | null): Promise<PortPage> =>
      (
        (await service.graphql(actorOf([departmentId]), query, { id: networkId, after })).data?.['network'] as {
          ports: PortPage;
        }
      ).ports;
    const first = await read(null);
    const second = await read(first.pageInfo.endCursor);
    expect([...first.nodes, ...second.nodes].map((port) => port.address).sort()).toEqual(
      nics.map((nic) => nic.address).sort(),
    );
    expect([first.totalCount, first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([3, true, false]);
  });

  it("adds a VM's ports to the VM, for members of its department only", async () => {
    const networkId = await newNetwork();
    const vmId = randomUUID();
    const nic = await attach(networkId, vmId);
    const vms = [
      { __typename: 'Vm', id: vmId },
      { __typename: 'Vm', id: randomUUID() },
      { __typename: 'Vm', id: 'no-uuid' },
    ];
    expect((await service.graphql(actorOf([departmentId]), PORTS, { vms })).data?.['_entities']).toMatchObject([
      { ports: [{ mac: nic.mac, address: nic.address, network: { id: networkId }, vm: { id: vmId } }] },
      { ports: [] },
      { ports: [] },
    ]);
    expect((await service.graphql(actorOf([randomUUID()]), PORTS, { vms })).data?.['_entities']).toEqual([
      { ports: [] },
      { ports: [] },
      { ports: [] },
    ]);
  });

  it('tells services the ports of a VM for as long as it has them', async () => {
    const [networkId, vmId] = [await newNetwork(), randomUUID()];
    expect(await service.call(findPorts, { vmId })).toEqual({ ports: [] });
    const { portId, mac } = await attach(networkId, vmId);
    expect(await service.call(findPorts, { vmId })).toEqual({ ports: [{ portId, mac }] });
    await service.call(detachVm, { vmId, hostId: host.hostId, fence: 2 });
    expect(await service.call(findPorts, { vmId })).toEqual({ ports: [] });
  });
});
