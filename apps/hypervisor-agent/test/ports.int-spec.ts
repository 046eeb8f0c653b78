// Cards of real QEMU guests. Beside the sources, since it needs the stack's tools.
import { randomUUID } from 'node:crypto';
import {
  attachPort,
  defineVm,
  detachPort,
  ensureFilter,
  ensureNetwork,
  forceOffVm,
  hostVmDeviceAdded,
  hostVmDeviceRemoved,
  inspectFilter,
  inspectPortLinks,
  removeNetwork,
  startVm,
  type PortLink,
  type VmNic,
} from '@infinibay/contracts';
import { Connection } from '@infinibay/libvirt';
import { cardOf } from '@infinibay/libvirt-xml';
import { holdsFor, pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QemuAgent, hasQemu, vmSpec } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;
const PATIENCE = { timeoutMs: 180_000, intervalMs: 500 };

suite('a further port', () => {
  let sut: QemuAgent;
  let libvirt: Connection;
  /** Linux, which takes and gives back devices. */
  let vmId: string;
  const networkId = randomUUID();
  const networkName = `ibt-${networkId.slice(0, 8)}`;
  const filterOf = (id: string): string => `infinibay-vm-${id}`;
  const nic = (last: number): VmNic => ({
    portId: randomUUID(),
    networkId,
    mac: `52:54:00:aa:bd:0${String(last)}`,
    address: `10.99.7.1${String(last)}`,
    networkName,
  });
  const [first, second, third] = [nic(0), nic(1), nic(2)];

  beforeAll(async () => {
    sut = await QemuAgent.start({ linux: true });
    libvirt = await Connection.open(sut.uri);
    const bridge = { bridge: `ibt${networkId.slice(0, 8)}`, mac: '52:54:00:aa:bd:ff' };
    const range = { gateway: '10.99.7.1', prefixLength: 24 };
    const reservations = [first, second].map(({ mac, address }) => ({ mac, address, hostname: null }));
    const spec = { networkId, name: networkName, ...bridge, ...range, reservations };
    await sut.agent.call(ensureNetwork, { revision: 1, spec });
    vmId = await defined();
    await sut.agent.call(startVm, { vmId, fence: 1 });
    await sut.speaks(vmId);
  }, 300_000);
  afterAll(async () => {
    await sut.agent.call(forceOffVm, { vmId, fence: 1 });
    await sut.agent.call(removeNetwork, { networkId, name: networkName });
    await libvirt.close();
    await sut.stop();
  }, 120_000);

  /** A VM that is off, with its first card and its filter. */
  const defined = async (): Promise<string> => {
    const id = await sut.defineVm({ memoryMib: 192 });
    await sut.agent.call(ensureFilter, { spec: { vmId: id, revision: 1, rules: [] } });
    const spec = { ...vmSpec(id), memoryMib: 192, nics: [first], filterName: filterOf(id) };
    await sut.agent.call(defineVm, { fence: 1, spec });
    return id;
  };
  const plugged = (id: string, linkState: PortLink['linkState'] = 'UP', filterName: string | null = filterOf(id)) => ({
    vmId: id,
    fence: 1,
    nic: second,
    slot: 1,
    filterName,
    linkState,
  });
  const cards = async (id: string) => {
    const { definition, live } = await sut.agent.call(inspectPortLinks, { vmId: id });
    return [definition, live].map((links) => links?.map(({ mac, linkState }) => `${mac} ${linkState}`) ?? null);
  };
  const up = ({ mac }: VmNic): string => `${mac} UP`;
  const slotOf = async (id: string, inactive: boolean): Promise<string | undefined> => {
    const card = cardOf(await libvirt.domains.handle(id).xmlDesc({ inactive }), second.mac) ?? '';
    return /<address type='pci'[^>]* slot='(0x[0-9a-f]+)'/.exec(card)?.[1];
  };

  it('is plugged into a running guest once, behind its filter, and is given back by it', async () => {
    expect(await sut.agent.refusal(attachPort, plugged(vmId, 'UP', null))).toBe('FILTER_MISSING');
    expect(await sut.agent.refusal(attachPort, { ...plugged(vmId), fence: 0 })).toBe('STALE_FENCE');
    expect(await cards(vmId)).toEqual([[up(first)], [up(first)]]);
    for (const _ of [1, 2]) expect(await sut.agent.call(attachPort, plugged(vmId))).toEqual({ isLive: true });
    expect(await cards(vmId)).toEqual([
      [up(first), up(second)],
      [up(first), up(second)],
    ]);
    for (const inactive of [true, false]) expect(await slotOf(vmId, inactive)).toBe('0x1d');
    await sut.agent.events.find(hostVmDeviceAdded, { vmId, alias: 'net1' });
    // Each card has rules of its own in the kernel, with its own addresses. What is told of the kernel is read once for
    // all who ask, and may be from before the card came.
    const filtered = async () => {
      const { interfaces } = await sut.agent.call(inspectFilter, { vmId });
      return interfaces.flatMap(({ mac, kernelRules }) => (kernelRules.length === 0 ? [] : [mac])).join();
    };
    const both = [first.mac, second.mac].join();
    await pollUntil(async () => (await filtered()) === both, { ...PATIENCE, what: 'rules of both cards' });

    const gone = async () => (await sut.agent.call(detachPort, { vmId, fence: 1, mac: second.mac })).isDetached;
    await pollUntil(gone, { ...PATIENCE, what: 'the guest to let go' });
    await sut.agent.events.find(hostVmDeviceRemoved, { vmId, alias: 'net1' });
    expect(await cards(vmId)).toEqual([[up(first)], [up(first)]]);
    expect(await gone()).toBe(true);
    expect((await sut.agent.call(inspectFilter, { vmId })).interfaces.map(({ mac }) => mac)).toEqual([first.mac]);
  }, 400_000);

  it('is plugged in and taken away to the end by an agent whose forerunner died in between', async () => {
    await sut.agent.call(attachPort, plugged(vmId, 'DOWN'));
    const domain = libvirt.domains.handle(vmId);
    const card = cardOf(await domain.xmlDesc(), second.mac) ?? '';
    await domain.detachDevice(card, { live: true });
    await pollUntil(async () => (await cards(vmId))[1]?.length === 1, { ...PATIENCE, what: 'the guest to let go' });
    await sut.restartAgent();
    // Of the definition it is taken by the next one; and brought to the guest, when that is what is asked.
    expect(await sut.agent.call(attachPort, plugged(vmId))).toEqual({ isLive: true });
    expect((await cards(vmId))[1]).toEqual([up(first), up(second)]);
    await sut.restartAgent();
    const gone = async () => (await sut.agent.call(detachPort, { vmId, fence: 1, mac: second.mac })).isDetached;
    await pollUntil(gone, { ...PATIENCE, what: 'the guest to let go' });
    expect(await cards(vmId)).toEqual([[up(first)], [up(first)]]);
  }, 400_000);

  it('is there from the start of a guest that was off, with its link, and stays with one that does not let go', async () => {
    await sut.agent.call(forceOffVm, { vmId, fence: 1 });
    expect(await sut.agent.call(attachPort, plugged(vmId, 'DOWN'))).toEqual({ isLive: false });
    expect(await cards(vmId)).toEqual([[up(first), `${second.mac} DOWN`], null]);
    await sut.agent.call(startVm, { vmId, fence: 1 });
    expect((await cards(vmId))[1]).toEqual([up(first), `${second.mac} DOWN`]);
    expect(await slotOf(vmId, false)).toBe('0x1d');
    // In whose place another is, it has one for as long as that runs.
    expect(await sut.agent.call(attachPort, { ...plugged(vmId), nic: third })).toEqual({ isLive: true });
    expect((await cards(vmId))[1]).toEqual([up(first), `${second.mac} DOWN`, up(third)]);
    // One that stands still hears of nothing.
    await libvirt.domains.handle(vmId).suspend();
    const detach = { vmId, fence: 1, mac: second.mac };
    const isKept = async () => !(await sut.agent.call(detachPort, detach)).isDetached;
    await holdsFor(3_000, isKept, 'the guest keeps it');
    expect((await cards(vmId))[1]).toHaveLength(3);
    await sut.agent.call(forceOffVm, { vmId, fence: 1 });
    for (const { mac } of [second, third])
      expect(await sut.agent.call(detachPort, { ...detach, mac })).toEqual({ isDetached: true });
    expect(await cards(vmId)).toEqual([[up(first)], null]);
  }, 300_000);
});
