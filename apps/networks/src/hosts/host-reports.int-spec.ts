import { randomUUID } from 'node:crypto';
import {
  DomainError,
  attachVm,
  hostNetworksObserved,
  type HostNetworkStatus,
  type NetworkDifference,
  type ObservedNetwork,
} from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestHost } from '../testing/test-host.js';
import { TestService, actorOf } from '../testing/test-service.js';

const HOSTS = `query ($id: ID!) { network(id: $id) { hosts { hostId status differences { kind detail } errorCode reason } } }`;
const TAP: NetworkDifference = { kind: 'TAP_DETACHED', detail: 'vnet0 is in no bridge' };
const EPOCHS = ['0196f5a0-0000-7000-8000-000000000001', '0196f5a0-0000-7000-8000-000000000002'] as const;

interface Shown {
  readonly hostId: string;
  readonly status: string;
  readonly differences: NetworkDifference[];
  readonly errorCode: string | null;
  readonly reason: string | null;
}

describe('what hosts report of their networks', () => {
  const departmentId = randomUUID();
  let service: TestService;
  let octet = 0;

  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.stop());

  const attachTo = (networkId: string, host: TestHost) =>
    service.call(attachVm, {
      vmId: randomUUID(),
      departmentId,
      networkId,
      hostId: host.hostId,
      hostname: 'a',
      fence: 1,
    });
  const networkOnHost = async (): Promise<{ host: TestHost; networkId: string }> => {
    const host = new TestHost();
    host.connect(service);
    const networkId = await service.insertNetwork(departmentId, randomUUID(), `10.45.${octet++}.0/24`);
    await attachTo(networkId, host);
    return { host, networkId };
  };
  const shown = async (networkId: string, actor = actorOf([departmentId])): Promise<Shown | undefined> => {
    const network = (await service.graphql(actor, HOSTS, { id: networkId })).data?.['network'] as {
      hosts: Shown[];
    } | null;
    return network?.hosts[0];
  };
  const report = (host: TestHost, epoch: string, sequence: number, networks: ObservedNetwork[]) =>
    service.report(hostNetworksObserved, host.hostId, { hostId: host.hostId, epoch, sequence, ranges: null, networks });
  const observed = (
    networkId: string,
    status: HostNetworkStatus,
    differences: NetworkDifference[] = [],
    reason: string | null = null,
  ) => ({ networkId, revision: 1, status, differences, reason }) satisfies ObservedNetwork;
  const becomes = (networkId: string, status: string) =>
    pollUntil(async () => ((await shown(networkId))?.status === status ? shown(networkId) : null), { what: status });

  it('is shown, told once for each change, and seen by the own department only', async () => {
    const { host, networkId } = await networkOnHost();
    await report(host, EPOCHS[0], 1, [observed(networkId, 'ACTIVE')]);
    expect(await becomes(networkId, 'ACTIVE')).toMatchObject({
      hostId: host.hostId,
      differences: [],
      errorCode: null,
      reason: null,
    });
    for (const sequence of [2, 3]) await report(host, EPOCHS[0], sequence, [observed(networkId, 'DRIFTED', [TAP])]);
    expect(await becomes(networkId, 'DRIFTED')).toMatchObject({ differences: [TAP] });
    await report(host, EPOCHS[0], 4, [observed(networkId, 'ERROR', [TAP], 'HYPERVISOR_ERROR')]);
    expect(await becomes(networkId, 'ERROR')).toMatchObject({ reason: 'HYPERVISOR_ERROR' });
    await report(host, EPOCHS[0], 5, [observed(networkId, 'ACTIVE')]);
    await becomes(networkId, 'ACTIVE');
    const told = (await service.events('network.host-status-changed')).filter(
      (event) => event.resource.id === networkId,
    );
    expect(told.map(({ data }) => (data as { status: string }).status)).toEqual(['DRIFTED', 'ERROR', 'ACTIVE']);
    expect(told[0]).toMatchObject({ departmentId, data: { hostId: host.hostId, differences: [TAP] } });
    expect(await shown(networkId, actorOf([randomUUID()]))).toBeUndefined();
  });

  it('is dropped when it is older than what is known', async () => {
    const { host, networkId } = await networkOnHost();
    await report(host, EPOCHS[1], 2, [observed(networkId, 'DRIFTED', [TAP])]);
    await becomes(networkId, 'DRIFTED');
    await report(host, EPOCHS[1], 1, [observed(networkId, 'ACTIVE')]);
    await report(host, EPOCHS[0], 9, [observed(networkId, 'ACTIVE')]);
    await report(host, EPOCHS[1], 3, [observed(networkId, 'DRIFTED', [TAP, { kind: 'BRIDGE_DOWN', detail: 'x' }])]);
    await pollUntil(async () => (await shown(networkId))?.differences.length === 2, { what: 'the newest report' });
    const told = (await service.events('network.host-status-changed')).filter(
      (event) => event.resource.id === networkId,
    );
    expect(told.map(({ data }) => (data as { status: string }).status)).toEqual(['DRIFTED', 'DRIFTED']);
  });

  it('touches no network that the host has nothing to do with', async () => {
    const { networkId } = await networkOnHost();
    const stranger = new TestHost();
    await report(stranger, EPOCHS[0], 1, [observed(networkId, 'ERROR', [TAP], 'x')]);
    await report(stranger, EPOCHS[0], 2, [observed(randomUUID(), 'ERROR', [TAP], 'x')]);
    expect(await shown(networkId)).toMatchObject({ status: 'UNKNOWN', differences: [] });
    expect(
      (await service.events('network.host-status-changed')).filter((event) => event.resource.id === networkId),
    ).toEqual([]);
  });

  it('is an error with its reason when the host refuses the range, for who attaches too', async () => {
    const { host, networkId } = await networkOnHost();
    host.failure = new DomainError('NETWORK_RANGE_RESERVED', {
      cidr: '10.45.0.0/24',
      reserved: '10.45.0.0/16',
      origin: 'ROUTE',
    });
    await expect(attachTo(networkId, host)).rejects.toMatchObject({
      code: 'NETWORK_RANGE_RESERVED',
      details: { reserved: '10.45.0.0/16' },
    });
    expect(await becomes(networkId, 'ERROR')).toMatchObject({
      errorCode: 'NETWORK_RANGE_RESERVED',
      reason: expect.stringContaining('10.45.0.0/16'),
    });
    host.failure = undefined;
    await attachTo(networkId, host);
    expect(await shown(networkId)).toMatchObject({ errorCode: null, reason: null });
  });

  it('makes a network be sent again at once when an agent that began anew does not know it', async () => {
    const { host, networkId } = await networkOnHost();
    await service.backdateApplied(networkId);
    const calls = host.ensureCalls;
    await report(host, EPOCHS[0], 1, []);
    await pollUntil(() => host.ensureCalls > calls, { what: 'the network to be sent', timeoutMs: 15_000 });
  });
});
