import { randomUUID } from 'node:crypto';
import {
  hostVmDeviceAdded,
  hostVmDifferenceFound,
  hostVmLifecycleChanged,
  hostVmsRelisted,
  protectVm,
  type EventContract,
} from '@infinibay/contracts';
import { newEvent } from '@infinibay/platform-persistence';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FLUSHED, TestHost } from '../testing/test-host.js';
import { TestService, actorOf } from '../testing/test-service.js';

const STATUS = `query ($id: ID!) { _entities(representations: [{ __typename: "Vm", id: $id }]) { ... on Vm { firewall { status } } } }`;

describe('the proof of a packet filter after its VM started', () => {
  const departmentId = randomUUID();
  let service: TestService;
  let host: TestHost;

  beforeAll(async () => {
    // Nothing here comes from the look that is due anyway.
    service = await TestService.start({ FILTER_VERIFY_SECONDS: '3600' });
    host = new TestHost().connect(service);
  });
  afterAll(() => service.stop());

  const newVm = async (): Promise<string> => {
    const vmId = randomUUID();
    const nics = [{ mac: '52:54:00:12:34:56', address: '10.80.0.10' }];
    await service.call(protectVm, { vmId, departmentId, hostId: host.hostId, nics, fence: 1 });
    return vmId;
  };
  const tell = (contract: EventContract, facts: object, hostId: string = host.hostId): Promise<void> => {
    const data = { hostId, epoch: randomUUID(), sequence: 1, ...facts };
    return service.publish(newEvent(contract, { departmentId: null, resource: { kind: 'host', id: hostId }, data }));
  };
  const started = (vmId: string, hostId?: string) =>
    tell(hostVmLifecycleChanged, { vmId, event: 'started', detail: 'booted' }, hostId);
  const statusOf = async (vmId: string): Promise<string | undefined> => {
    const { data } = await service.graphql(actorOf([departmentId]), STATUS, { id: vmId });
    return (data?.['_entities'] as { firewall: { status: string } | null }[])[0]?.firewall?.status;
  };
  const driftsOf = async (vmId: string): Promise<unknown[]> =>
    (await service.events('vm.filter-drifted'))
      .filter(({ resource }) => resource.id === vmId)
      .map(({ data }) => (data as { differences: unknown }).differences);
  const appliedEvents = async (vmId: string): Promise<number> =>
    (await service.events('vm.filter-applied')).filter(({ resource }) => resource.id === vmId).length;
  /** Holds back answers to comparisons that begin from now on. */
  const holdProofs = (vmId: string): (() => void) => {
    let release: () => void = () => undefined;
    host.hangingProofs.set(vmId, new Promise<void>((resolve) => (release = resolve)));
    return () => {
      host.hangingProofs.delete(vmId);
      release();
    };
  };

  it.each<[string, EventContract, (vmId: string) => object]>([
    ['a start', hostVmLifecycleChanged, (vmId) => ({ vmId, event: 'started', detail: 'booted' })],
    ['an arrival', hostVmLifecycleChanged, (vmId) => ({ vmId, event: 'resumed', detail: 'migrated' })],
    [
      'a start that the agent found',
      hostVmDifferenceFound,
      (vmId) => ({ vmId, difference: 'changed', before: 'off', after: 'running', reason: 'booted' }),
    ],
    [
      'a VM that a new agent found',
      hostVmDifferenceFound,
      (vmId) => ({ vmId, difference: 'appeared', before: null, after: 'paused', reason: null }),
    ],
    ['a card', hostVmDeviceAdded, (vmId) => ({ vmId, alias: 'net1' })],
    ['a link to libvirt that is back', hostVmsRelisted, () => ({ vms: 1, differences: 0 })],
  ])('is due at once with %s, and what it finds is told and repaired', async (_case, contract, facts) => {
    const vmId = await newVm();
    host.flushed.add(vmId);
    await tell(contract, facts(vmId));
    await pollUntil(() => !host.flushed.has(vmId), { what: 'the repair' });
    await pollUntil(async () => (await statusOf(vmId)) === 'APPLIED', { what: 'the status' });
    expect(await driftsOf(vmId)).toEqual([[FLUSHED]]);
  });

  it('comes before APPLIED is said of the new cards, and is told', async () => {
    const vmId = await newVm();
    expect(await statusOf(vmId)).toBe('APPLIED');
    const release = holdProofs(vmId);
    await started(vmId);
    await pollUntil(async () => (await statusOf(vmId)) === 'PENDING', { what: 'the claim to be withdrawn' });
    await pollUntil(() => (host.proofs.get(vmId) ?? 0) > 0, { what: 'the comparison to begin' });
    expect(await statusOf(vmId)).toBe('PENDING');
    const before = await appliedEvents(vmId);
    release();
    await pollUntil(async () => (await statusOf(vmId)) === 'APPLIED', { what: 'the proof' });
    expect(await appliedEvents(vmId)).toBe(before + 1);
  });

  it('is not one that began before the VM was started again', async () => {
    const vmId = await newVm();
    const releaseFirst = holdProofs(vmId);
    await started(vmId);
    await pollUntil(() => host.proofs.get(vmId) === 1, { what: 'the first comparison' });
    const releaseSecond = holdProofs(vmId);
    await started(vmId);
    await pollUntil(() => host.proofs.get(vmId) === 2, { what: 'the second comparison' });
    releaseFirst();
    await pollUntil(async () => (await service.filter(vmId))?.bootsProven === 1, { what: 'the first answer' });
    expect(await statusOf(vmId)).toBe('PENDING');
    releaseSecond();
    await pollUntil(async () => (await statusOf(vmId)) === 'APPLIED', { what: 'the second answer' });
  });

  it('says FAILED of what it can not repair, until another start finds it in place', async () => {
    const vmId = await newVm();
    host.breakFilter(vmId);
    await started(vmId);
    await pollUntil(async () => (await statusOf(vmId)) === 'FAILED', { what: 'the failure' });
    host.failures.delete(vmId);
    await started(vmId);
    await pollUntil(async () => (await statusOf(vmId)) === 'APPLIED', { what: 'the filter to be whole' });
  });

  it('is not asked for by a host where the VM is not protected, nor by one that went off', async () => {
    const [vmId, other] = [await newVm(), await newVm()];
    await started(vmId, randomUUID());
    await tell(hostVmLifecycleChanged, { vmId, event: 'stopped', detail: 'shutdown' });
    await tell(hostVmDifferenceFound, { vmId, difference: 'changed', before: 'running', after: 'off', reason: null });
    await started(other);
    await pollUntil(async () => (await service.filter(other))?.bootsProven === 1, { what: 'the other VM' });
    expect(await service.filter(vmId)).toMatchObject({ bootsTold: 0 });
  });
});
