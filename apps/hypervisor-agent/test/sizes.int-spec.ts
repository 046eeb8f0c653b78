import { randomUUID } from 'node:crypto';
import {
  defineVm,
  ensureDisk,
  forceOffVm,
  inspectSizes,
  inspectVm,
  resizeDefinition,
  resizeLive,
  startVm,
  type DomainSizes,
  type VmSizes,
} from '@infinibay/contracts';
import { Connection } from '@infinibay/libvirt';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningAgent, agentFolders, settingsIn, writeImage } from '../src/agent.fixture.ts';
import { QemuAgent, hasQemu, vmSpec } from './qemu-agent.ts';

const MIB = 1_048_576;
const KIB = 1_024;

const sizes = (vcpus: number, memoryMib: number, maxVcpus = vcpus, maxMemoryMib = memoryMib): VmSizes => ({
  vcpus,
  maxVcpus,
  memoryMib,
  maxMemoryMib,
});
const domain = (...said: Parameters<typeof sizes>): DomainSizes => {
  const { vcpus, maxVcpus, memoryMib, maxMemoryMib } = sizes(...said);
  return { vcpus, maxVcpus, memoryKib: memoryMib * KIB, maxMemoryKib: maxMemoryMib * KIB };
};

describe("the sizes of a VM on libvirt's test driver", () => {
  const folders = agentFolders();
  const image = writeImage(folders.images, Buffer.alloc(MIB));
  let agent: RunningAgent;
  beforeAll(async () => {
    agent = await RunningAgent.start(settingsIn(folders));
  });
  afterAll(async () => {
    await agent.stop();
    folders.remove();
  });

  const off = async (): Promise<string> => {
    const vmId = randomUUID();
    await agent.call(ensureDisk, { vmId, fence: 1, imageId: image.imageId, capacityBytes: 2 * MIB });
    await agent.call(defineVm, { fence: 1, spec: vmSpec(vmId) });
    return vmId;
  };

  it('are none of a VM that is not there', async () => {
    const vmId = randomUUID();
    expect(await agent.call(inspectSizes, { vmId })).toEqual({ definition: null, live: null });
    for (const command of [resizeDefinition, resizeLive])
      expect(await agent.refusal(command, { vmId, fence: 1, sizes: sizes(1, 64) })).toBe('VM_NOT_FOUND');
  });

  it('become whatever is asked for, from whatever they were, twice', async () => {
    const vmId = await off();
    const all = [
      sizes(1, 64),
      sizes(2, 128, 4, 256),
      sizes(4, 256),
      sizes(1, 64, 4, 256),
      sizes(3, 65, 3, 512),
      sizes(2, 64),
    ];
    for (const from of all)
      for (const to of all) {
        for (const wanted of [from, to, to]) await agent.call(resizeDefinition, { vmId, fence: 1, sizes: wanted });
        const { vcpus, memoryMib, maxVcpus, maxMemoryMib } = to;
        const expected = { definition: domain(vcpus, memoryMib, maxVcpus, maxMemoryMib), live: null };
        expect([from, to, await agent.call(inspectSizes, { vmId })]).toEqual([from, to, expected]);
      }
    expect((await agent.call(resizeLive, { vmId, fence: 1, sizes: sizes(4, 64) })).live).toBeNull();
  });

  it('change while it runs as far as it was started with room for, and are not touched by its definition', async () => {
    const vmId = await off();
    await agent.call(resizeDefinition, { vmId, fence: 1, sizes: sizes(1, 128, 4, 256) });
    await agent.call(startVm, { vmId, fence: 1 });
    expect(await agent.call(resizeLive, { vmId, fence: 1, sizes: sizes(3, 256) })).toEqual({
      definition: domain(1, 128, 4, 256),
      live: domain(3, 256, 4, 256),
    });
    const beyond = await agent.call(resizeLive, { vmId, fence: 1, sizes: sizes(8, 512) });
    expect(beyond.live).toEqual(domain(3, 256, 4, 256));
    const defined = await agent.call(resizeDefinition, { vmId, fence: 1, sizes: sizes(2, 512) });
    expect(defined).toEqual({ definition: domain(2, 512), live: domain(3, 256, 4, 256) });
    expect((await agent.call(inspectVm, { vmId })).domain?.power).toBe('running');
  });

  it('are changed by nobody whose fence is old', async () => {
    const vmId = await off();
    await agent.call(resizeDefinition, { vmId, fence: 5, sizes: sizes(2, 64) });
    for (const command of [resizeDefinition, resizeLive])
      expect(await agent.refusal(command, { vmId, fence: 4, sizes: sizes(1, 64) })).toBe('STALE_FENCE');
    expect((await agent.call(inspectSizes, { vmId })).definition).toEqual(domain(2, 64));
  });

  it('are told of every VM, again and again', async () => {
    const [some, other] = [await off(), await off()];
    await agent.call(startVm, { vmId: other, fence: 1 });
    await pollUntil(() => agent.sizes.has(some) && agent.sizes.get(other)?.live !== null, { what: 'the report' });
    expect(agent.sizes.get(some)).toEqual({ definition: domain(1, 64), live: null });
    await agent.call(resizeDefinition, { vmId: some, fence: 1, sizes: sizes(2, 64) });
    await pollUntil(() => agent.sizes.get(some)?.definition?.vcpus === 2, { what: 'the next report' });
    expect((await agent.http('/metrics')).body).toMatch(/infinibay_size_check_seconds_count\{.*outcome="ok".*\} [1-9]/);
  });
});

(hasQemu ? describe : describe.skip)('the sizes of a real guest', () => {
  let host: QemuAgent;
  let vmId: string;
  let somebody: Connection;
  beforeAll(async () => {
    host = await QemuAgent.start({ linux: true });
    somebody = await Connection.open(host.uri);
  }, 240_000);
  afterAll(async () => {
    await somebody.close();
    await host.stop();
  }, 60_000);

  const now = () => host.agent.call(inspectSizes, { vmId });
  const becomes = (what: string, holds: (live: DomainSizes | null) => boolean) =>
    pollUntil(
      async () => {
        const { live } = await now();
        return holds(live) ? (live ?? true) : null;
      },
      { what, timeoutMs: 180_000 },
    );

  it('change while it runs: processors are plugged, and memory is given back and taken again', async () => {
    vmId = await host.defineVm({ memoryMib: 192 });
    await host.agent.call(resizeDefinition, { vmId, fence: 1, sizes: sizes(1, 192, 2, 256) });
    await host.agent.call(startVm, { vmId, fence: 1 });
    expect(await now()).toMatchObject({
      definition: domain(1, 192, 2, 256),
      live: { vcpus: 1, maxVcpus: 2, maxMemoryKib: 256 * KIB },
    });
    await becomes('the balloon of the boot', (live) => live?.memoryKib === 192 * KIB);
    const grown = await host.agent.call(resizeLive, { vmId, fence: 1, sizes: sizes(2, 256) });
    expect(grown.live).toMatchObject({ vcpus: 2 });
    await becomes('256 MiB', (live) => live?.memoryKib === 256 * KIB);
    await host.agent.call(resizeLive, { vmId, fence: 1, sizes: sizes(2, 160) });
    await becomes('160 MiB', (live) => live?.memoryKib === 160 * KIB);
    // Beyond what it was started with nothing is asked of it, and that is no error.
    const beyond = await host.agent.call(resizeLive, { vmId, fence: 1, sizes: sizes(4, 512) });
    expect(beyond.live).toMatchObject({ vcpus: 2, memoryKib: 160 * KIB });
  }, 300_000);

  it('that it does not give back it keeps, without an error', async () => {
    // One processor was there at its start: that one QEMU can't take away.
    const { live } = await host.agent.call(resizeLive, { vmId, fence: 1, sizes: sizes(1, 160) });
    expect([1, 2]).toContain(live?.vcpus);
    expect((await host.agent.call(inspectVm, { vmId })).domain?.power).toBe('running');
  }, 120_000);

  it('are told soon after somebody changed them with virsh', async () => {
    const domainOfGuest = await somebody.domains.lookupByUuid(vmId);
    await domainOfGuest.setMemory(200 * KIB, { live: true });
    await pollUntil(() => host.agent.sizes.get(vmId)?.live?.memoryKib === 200 * KIB, {
      what: 'the report of setmem',
      timeoutMs: 120_000,
    });
    await domainOfGuest.setVcpus(2, { config: true });
    await pollUntil(() => host.agent.sizes.get(vmId)?.definition?.vcpus === 2, {
      what: 'the report of setvcpus',
      timeoutMs: 120_000,
    });
    const xml = await domainOfGuest.xmlDesc({ inactive: true });
    await somebody.domains.defineXml(xml.replace(/<memory unit='KiB'>\d+</, `<memory unit='MiB'>320<`));
    await pollUntil(() => host.agent.sizes.get(vmId)?.definition?.maxMemoryKib === 320 * KIB, {
      what: 'the report of edit',
      timeoutMs: 120_000,
    });
  }, 300_000);

  it('are those of the definition after it has been off', async () => {
    await host.agent.call(resizeDefinition, { vmId, fence: 1, sizes: sizes(1, 192) });
    await host.agent.call(forceOffVm, { vmId, fence: 1 });
    await host.agent.call(startVm, { vmId, fence: 1 });
    expect(await now()).toEqual({ definition: domain(1, 192), live: domain(1, 192) });
  }, 120_000);
});
