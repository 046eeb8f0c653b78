import { randomUUID } from 'node:crypto';
import {
  DomainError,
  findDepartments,
  findVms,
  prepareVmFilter,
  protectVm,
  releaseVmFilter,
  unprotectVm,
  vmDeleted,
  vmJoinedDepartment,
  type ReplyOf,
  type RequestOf,
} from '@infinibay/contracts';
import { newEvent } from '@infinibay/platform-persistence';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '../database.js';
import { FLUSHED, TestHost } from '../testing/test-host.js';
import { TestService, actorOf } from '../testing/test-service.js';

const CREATE = `mutation ($input: CreateFirewallRuleInput!) { createFirewallRule(input: $input) { id } }`;
const FIREWALL = `query ($id: ID!) { _entities(representations: [{ __typename: "Vm", id: $id }]) { ... on Vm { firewall { status revision appliedAt errorCode differences { path expected actual } differenceCount kernelRules } } } }`;

interface Firewall {
  readonly status: string;
  readonly revision: number;
  readonly appliedAt: string | null;
  readonly errorCode: string | null;
  readonly differences: unknown[];
  readonly differenceCount: number;
  readonly kernelRules: string[];
}

describe('packet filters of VMs', () => {
  const departmentOf = new Map<string, string>();
  let service: TestService;
  let host: TestHost;

  beforeAll(async () => {
    service = await TestService.start({ FILTER_VERIFY_SECONDS: '1' });
    host = new TestHost().connect(service);
    service.serve(findDepartments, ({ departmentIds }: RequestOf<typeof findDepartments>) =>
      Promise.resolve({ departments: departmentIds.map((departmentId) => ({ departmentId, name: 'x' })) }),
    );
    service.serve(findVms, ({ vmIds }: RequestOf<typeof findVms>) =>
      Promise.resolve({
        vms: vmIds.map((vmId) => ({
          vmId,
          departmentId: departmentOf.get(vmId) ?? randomUUID(),
          ownerId: randomUUID(),
          name: 'web',
          state: 'RUNNING',
          hostId: null,
        })),
      }),
    );
  });
  afterAll(() => service.stop());

  const newVm = (departmentId: string): string => {
    const vmId = randomUUID();
    departmentOf.set(vmId, departmentId);
    return vmId;
  };
  const protect = (vmId: string, fence = 1, hostId = host.hostId): Promise<ReplyOf<typeof protectVm>> =>
    service.call(protectVm, {
      vmId,
      departmentId: departmentOf.get(vmId) ?? '',
      hostId,
      nics: [{ mac: '52:54:00:12:34:56', address: '10.80.0.10' }],
      fence,
    });
  const allow = async (departmentId: string, portFrom: number, vmId?: string): Promise<void> => {
    const input = {
      departmentId,
      vmId,
      direction: 'IN',
      action: 'ACCEPT',
      protocol: 'TCP',
      portFrom,
      idempotencyKey: randomUUID(),
    };
    expect((await service.graphql(actorOf([departmentId]), CREATE, { input })).codes).toEqual([]);
  };
  const firewallOf = async (vmId: string): Promise<Firewall | null> => {
    const { data } = await service.graphql(actorOf([departmentOf.get(vmId) ?? '']), FIREWALL, { id: vmId });
    return (data?.['_entities'] as { firewall: Firewall | null }[])[0]?.firewall ?? null;
  };
  const wholeFirewallOf = (vmId: string): Promise<Firewall> =>
    pollUntil(
      async () => {
        const firewall = await firewallOf(vmId);
        return firewall?.status === 'APPLIED' ? firewall : undefined;
      },
      { what: 'the filter to be whole' },
    );
  const toldOf = async (vmId: string): Promise<unknown[]> =>
    (await service.events('vm.filter-applied'))
      .filter((event) => event.resource.id === vmId)
      .map((event) => event.data);

  it('makes the filter on the host before the VM starts, with the rules that are there', async () => {
    const department = randomUUID();
    const vmId = newVm(department);
    await allow(department, 22);
    expect(await protect(vmId)).toEqual({ filterName: `infinibay-vm-${vmId}`, revision: 1, status: 'APPLIED' });
    expect(host.openPorts(vmId)).toEqual([22]);
    expect(host.filters.get(vmId)?.rules.at(-1)).toMatchObject({ direction: 'IN', action: 'DROP', protocol: 'ANY' });
    expect(await protect(vmId)).toMatchObject({ revision: 1, status: 'APPLIED' });
    expect(await toldOf(vmId)).toEqual([{ vmId, revision: 1, status: 'APPLIED', errorCode: null }]);
  });

  it('brings a new rule to the running VMs of its department, or to its one VM, and to no others', async () => {
    const [department, other] = [randomUUID(), randomUUID()];
    const [first, second, stranger] = [newVm(department), newVm(department), newVm(other)];
    for (const vmId of [first, second, stranger]) await protect(vmId);
    await allow(department, 80);
    await allow(department, 443, second);
    await pollUntil(() => host.openPorts(first).length === 1 && host.openPorts(second).length === 2, {
      what: 'the rules to arrive',
    });
    expect([host.openPorts(first), host.openPorts(second), host.openPorts(stranger)]).toEqual([[80], [80, 443], []]);
    await pollUntil(async () => (await firewallOf(second))?.status === 'APPLIED');
    expect(await firewallOf(second)).toMatchObject({
      revision: 3,
      errorCode: null,
      kernelRules: expect.arrayContaining([expect.stringContaining('--dport 443 ')]),
    });
  });

  it('loses no rule that is made while VMs become protected', async () => {
    const department = randomUUID();
    const vmIds = Array.from({ length: 10 }, () => newVm(department));
    const ports = [1, 2, 3, 4, 5];
    await Promise.all([...vmIds.map((vmId) => protect(vmId)), ...ports.map((port) => allow(department, port))]);
    await pollUntil(() => vmIds.every((vmId) => host.openPorts(vmId).length === ports.length), {
      what: 'every VM to have every rule',
    });
  });

  it('reports a filter that could not be applied as failed, and tries again', async () => {
    const vmId = newVm(randomUUID());
    host.failures.set(vmId, new DomainError('HYPERVISOR_ERROR'));
    await expect(protect(vmId)).rejects.toMatchObject({ code: 'HYPERVISOR_ERROR' });
    expect(await firewallOf(vmId)).toMatchObject({ status: 'FAILED', errorCode: 'HYPERVISOR_ERROR' });
    host.failures.delete(vmId);
    await pollUntil(async () => (await firewallOf(vmId))?.status === 'APPLIED', { what: 'the filter to be applied' });
    expect(await toldOf(vmId)).toEqual([
      { vmId, revision: 1, status: 'FAILED', errorCode: 'HYPERVISOR_ERROR' },
      { vmId, revision: 1, status: 'APPLIED', errorCode: null },
    ]);
  });

  it('answers HOST_UNAVAILABLE when the host is away', async () => {
    const vmId = newVm(randomUUID());
    await expect(protect(vmId, 1, randomUUID())).rejects.toMatchObject({ code: 'HOST_UNAVAILABLE' });
  });

  it('holds up no VM for another whose filter fails or whose host hangs', async () => {
    const department = randomUUID();
    const [broken, healthy] = [newVm(department), newVm(department)];
    const slow = new TestHost().connect(service);
    const stuck = Array.from({ length: 12 }, () => newVm(department));
    await Promise.all([protect(broken), protect(healthy), ...stuck.map((vmId) => protect(vmId, 1, slow.hostId))]);
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    for (const vmId of stuck) slow.hanging.set(vmId, released);
    host.failures.set(broken, new DomainError('HYPERVISOR_ERROR'));
    await allow(department, 22);
    await pollUntil(() => host.openPorts(healthy).length === 1, {
      what: 'the healthy VM to have the rule',
      timeoutMs: 3_000,
    });
    await pollUntil(async () => (await firewallOf(broken))?.status === 'FAILED');
    release();
    await pollUntil(() => stuck.every((vmId) => slow.openPorts(vmId).length === 1), {
      what: 'the slow host to have them all',
    });
    host.failures.delete(broken);
  });

  it('gives the kernel its rules back after somebody flushed them', async () => {
    const department = randomUUID();
    const vmId = newVm(department);
    await allow(department, 22);
    await protect(vmId);
    host.flushed.add(vmId);
    await pollUntil(() => !host.flushed.has(vmId), { what: 'the rules to come back' });
    await pollUntil(async () => (await toldOf(vmId)).length === 2, { what: 'the repair to be told' });
    const drifted = (await service.events('vm.filter-drifted')).filter((event) => event.resource.id === vmId);
    expect(drifted.map((event) => event.data)).toEqual([
      { vmId, revision: 1, differences: [FLUSHED], differenceCount: 1 },
    ]);
    expect(await firewallOf(vmId)).toMatchObject({ status: 'APPLIED', differences: [], differenceCount: 0 });
    host.filters.delete(vmId);
    await pollUntil(() => host.filters.has(vmId), { what: 'the lost filter to come back' });
  });

  it('tells a drift once, also where a comparison from before its repair ends after it', async () => {
    const vmId = newVm(randomUUID());
    await protect(vmId);
    const comparisons = () => host.compared.filter((one) => one === vmId).length;
    const compared = (more: number, from = comparisons()) =>
      pollUntil(() => comparisons() >= from + more, { what: `${String(more)} comparisons` });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    host.hangingProofs.set(vmId, held);
    host.flushed.add(vmId);
    await compared(2);
    host.hangingProofs.delete(vmId);
    await pollUntil(() => !host.flushed.has(vmId), { what: 'the rules to come back' });
    await pollUntil(async () => (await toldOf(vmId)).length === 2, { what: 'the repair to be told' });
    release();
    await compared(2);
    const drifted = (await service.events('vm.filter-drifted')).filter((event) => event.resource.id === vmId);
    expect(drifted).toHaveLength(1);
  });

  it('shows what differs for as long as the host does not do what it should', async () => {
    const vmId = newVm(randomUUID());
    await protect(vmId);
    let release: () => void = () => undefined;
    host.hanging.set(vmId, new Promise<void>((resolve) => (release = resolve)));
    host.flushed.add(vmId);
    await pollUntil(async () => (await firewallOf(vmId))?.status === 'DRIFTED', { what: 'the drift to be shown' });
    expect(await firewallOf(vmId)).toMatchObject({ status: 'DRIFTED', differences: [FLUSHED], differenceCount: 1 });
    host.hanging.delete(vmId);
    host.failures.set(vmId, new DomainError('FILTER_NOT_ENFORCED'));
    release();
    await pollUntil(async () => (await firewallOf(vmId))?.status === 'FAILED', { what: 'the repair to fail' });
    expect(await firewallOf(vmId)).toMatchObject({ errorCode: 'FILTER_NOT_ENFORCED', differences: [FLUSHED] });
    host.failures.delete(vmId);
    expect(await wholeFirewallOf(vmId)).toMatchObject({ errorCode: null, differences: [], differenceCount: 0 });
  });

  it('asks the host once for many aliases and requests of one VM', async () => {
    const vmId = newVm(randomUUID());
    await protect(vmId);
    const aliases = Array.from({ length: 30 }, (_, index) => `a${index}: firewall { kernelRules }`).join(' ');
    const query = `query ($id: ID!) { _entities(representations: [{ __typename: "Vm", id: $id }]) { ... on Vm { ${aliases} } } }`;
    const before = host.inspections;
    const member = actorOf([departmentOf.get(vmId) ?? '']);
    const answers = await Promise.all(Array.from({ length: 10 }, () => service.graphql(member, query, { id: vmId })));
    expect(answers.flatMap(({ codes }) => codes)).toEqual([]);
    // 300 fields; a loaded machine may spread them over some of the seconds for which an answer serves.
    expect(host.inspections - before).toBeLessThan(10);
  });

  it('refuses an older worker, also after the VM is gone', async () => {
    const vmId = newVm(randomUUID());
    await protect(vmId, 5);
    await expect(protect(vmId, 4)).rejects.toMatchObject({ code: 'STALE_FENCE' });
    await expect(service.call(unprotectVm, { vmId, hostId: host.hostId, fence: 4 })).rejects.toMatchObject({
      code: 'STALE_FENCE',
    });
    await service.call(unprotectVm, { vmId, hostId: host.hostId, fence: 6 });
    await expect(protect(vmId, 5)).rejects.toMatchObject({ code: 'STALE_FENCE' });
    expect(host.filters.has(vmId)).toBe(false);
  });

  it("removes the filter and the VM's own rules, and may do it twice", async () => {
    const department = randomUUID();
    const vmId = newVm(department);
    await protect(vmId);
    await allow(department, 22, vmId);
    await allow(department, 80);
    for (const fence of [2, 3]) await service.call(unprotectVm, { vmId, hostId: host.hostId, fence });
    expect(host.filters.has(vmId)).toBe(false);
    expect(await firewallOf(vmId)).toBeNull();
    const deleted = (await service.events('firewall-rule.deleted')).filter(
      (event) => event.departmentId === department,
    );
    expect(deleted).toMatchObject([{ data: { vmId } }]);
  });

  it('forgets a rule that was made for a VM while it was being deleted', async () => {
    const department = randomUUID();
    const vmId = newVm(department);
    await allow(department, 22, vmId);
    await service.publish(
      newEvent(vmDeleted, {
        departmentId: department,
        resource: { kind: 'vm', id: vmId },
        data: { vmId, name: 'web' },
      }),
    );
    await pollUntil(
      async () => (await service.events('firewall-rule.deleted')).some((event) => event.departmentId === department),
      { what: 'the rule to go' },
    );
  });

  it('enforces the rules of the department that a VM joins, and drops those that it had of its own', async () => {
    const [left, joined] = [randomUUID(), randomUUID()];
    const vmId = newVm(left);
    await allow(left, 22);
    await allow(left, 8080, vmId);
    await allow(joined, 443);
    await protect(vmId, 4);
    expect(host.openPorts(vmId)).toEqual([22, 8080]);
    const tellJoined = async (departmentId: string, fence: number): Promise<void> => {
      const who = { ownerId: randomUUID(), imageId: randomUUID() };
      const data = { vmId, name: 'web', ...who, vcpus: 1, memoryMib: 128, fence };
      const event = newEvent(vmJoinedDepartment, { departmentId, resource: { kind: 'vm', id: vmId }, data });
      await service.publish(event);
      const where = { consumer: 'vm-joined', eventId: event.id };
      const isHeard = async () => (await service.get(Database).inboxEvent.count({ where })) > 0;
      await pollUntil(isHeard, { what: 'the event to be heard' });
    };
    const lets = (ports: number[]) =>
      pollUntil(() => String(host.openPorts(vmId)) === String(ports), { what: `ports ${String(ports)}` });
    await tellJoined(joined, 5);
    departmentOf.set(vmId, joined);
    await lets([443]);
    expect((await service.graphql(actorOf([left]), FIREWALL, { id: vmId })).data).toEqual({
      _entities: [{ firewall: null }],
    });
    const deleted = await service.events('firewall-rule.deleted');
    const gone = deleted.filter(({ data }) => JSON.stringify(data).includes(vmId));
    expect(gone).toMatchObject([{ departmentId: left, data: { vmId } }]);
    // What they rule there for the VM outlives the start, and an event that comes late changes nothing.
    await allow(joined, 9090, vmId);
    expect(await protect(vmId, 6)).toMatchObject({ status: 'APPLIED' });
    await tellJoined(left, 4);
    await tellJoined(randomUUID(), 5);
    await allow(joined, 53);
    await lets([443, 9090, 53]);
  });

  it('leaves nothing of a department that a VM left although no event comes: its start says where it is', async () => {
    const [left, joined] = [randomUUID(), randomUUID()];
    const vmId = newVm(left);
    await allow(left, 8080, vmId);
    await protect(vmId, 1);
    departmentOf.set(vmId, joined);
    await protect(vmId, 2);
    expect(host.openPorts(vmId)).toEqual([]);
    departmentOf.set(vmId, left);
    await protect(vmId, 3);
    expect(host.openPorts(vmId)).toEqual([]);
  });

  it('is on a further host before its VM comes there, follows the rules where it runs, and goes where it is not', async () => {
    const department = randomUUID();
    const vmId = newVm(department);
    const other = new TestHost().connect(service);
    const on = { vmId, hostId: other.hostId };
    const early = service.call(prepareVmFilter, { ...on, fence: 1 });
    await expect(early).rejects.toMatchObject({ code: 'VM_NOT_FOUND' });
    await allow(department, 22);
    await protect(vmId, 2);
    expect((await service.call(prepareVmFilter, { ...on, fence: 2 })).status).toBe('APPLIED');
    expect(other.openPorts(vmId)).toEqual([22]);
    // It runs where it was: there a rule arrives at once.
    await allow(department, 80);
    await pollUntil(() => host.openPorts(vmId).length === 2, { what: 'the rule to arrive' });
    await protect(vmId, 3, other.hostId);
    expect(other.openPorts(vmId).sort()).toEqual([22, 80]);
    // That of the host that protects it stays, whoever asks.
    await service.call(releaseVmFilter, { ...on, fence: 3 });
    expect(other.filters.has(vmId)).toBe(true);
    await service.call(releaseVmFilter, { vmId, hostId: host.hostId, fence: 3 });
    expect(host.filters.has(vmId)).toBe(false);
    const late = service.call(releaseVmFilter, { vmId, hostId: host.hostId, fence: 2 });
    await expect(late).rejects.toMatchObject({ code: 'STALE_FENCE' });
  });

  it('says plainly that a driver has no packet filter', async () => {
    const plain = new TestHost().connect(service);
    plain.supportsFilters = false;
    const vmId = newVm(randomUUID());
    expect(await protect(vmId, 1, plain.hostId)).toEqual({ filterName: null, revision: 1, status: 'UNSUPPORTED' });
    expect(await firewallOf(vmId)).toMatchObject({ status: 'UNSUPPORTED', kernelRules: [] });
  });

  it('shows the filter of a VM to its department only', async () => {
    const vmId = newVm(randomUUID());
    await protect(vmId);
    const { data, codes } = await service.graphql(actorOf([randomUUID()]), FIREWALL, { id: vmId });
    expect([data, codes]).toEqual([{ _entities: [{ firewall: null }] }, []]);
  });
});
