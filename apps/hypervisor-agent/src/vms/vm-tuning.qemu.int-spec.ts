import { existsSync, readFileSync } from 'node:fs';
import {
  PLAIN_HARDWARE,
  forceOffVm,
  inspectSizes,
  rangesOf,
  resizeDefinition,
  resizeLive,
  type VmSizes,
} from '@infinibay/contracts';
import { findTestHypervisor, pollUntil, type TestHypervisor } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FilteredGuest } from '../filters/filtered-guest.fixture.js';

const hypervisor = findTestHypervisor();
const TIMEOUT_MS = 300_000;
const KIB = 1_024;
const FREE_PAGES = '/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages';
/** Free pages of 2 MiB, more than a guest of 64 MiB takes, in a file system that libvirt finds. */
const HAS_PAGES =
  existsSync(FREE_PAGES) &&
  Number(readFileSync(FREE_PAGES, 'utf8')) >= 64 &&
  /\shugetlbfs\s/.test(readFileSync('/proc/mounts', 'utf8'));

/** The first CPU that processes of this machine may run on. */
const firstCpu = (): number => {
  const [, allowed = '0'] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return rangesOf(allowed)[0]?.from ?? 0;
};

/** Machines without QEMU run the other specs only; the test runner says so. */
const onQemu = (facts: (at: TestHypervisor) => void): void => {
  if (hypervisor !== undefined) describe('the memory and the CPUs of a real guest', () => facts(hypervisor));
  else it('needs QEMU and libvirtd, which this machine lacks', () => expect(hypervisor).toBeUndefined());
};

/** What a machine without them does not show is named. */
const withPages = (facts: () => void): void => {
  if (HAS_PAGES) facts();
  else it('needs 64 free huge pages of 2 MiB, which this machine lacks', () => expect(HAS_PAGES).toBe(false));
};

onQemu((at) => {
  let guest: FilteredGuest;
  beforeAll(async () => {
    guest = await FilteredGuest.start(at);
  }, TIMEOUT_MS);
  afterAll(() => guest.stop(), TIMEOUT_MS);

  const domain = () => `vm-${guest.vmId}`;
  const xml = async (...inactive: string[]): Promise<string> =>
    (await guest.virsh('dumpxml', domain(), ...inactive)).stdout;
  const off = () => guest.agent.call(forceOffVm, { vmId: guest.vmId, fence: 1 });
  const told = () => pollUntil(() => guest.agent.tuning, { what: 'the report', timeoutMs: 60_000 });
  const inKib = ({ vcpus, maxVcpus, memoryMib, maxMemoryMib }: VmSizes) => ({
    vcpus,
    maxVcpus,
    memoryKib: memoryMib * KIB,
    maxMemoryKib: maxMemoryMib * KIB,
  });

  it('is told of the host: its nodes with their CPUs, and no more free pages than there are', async () => {
    const { nodes } = await told();
    expect(nodes.flatMap(({ cpus }) => cpus)).toContain(firstCpu());
    for (const { memoryMib } of nodes) expect(memoryMib).toBeGreaterThan(0);
    const pools = nodes.flatMap(({ hugePages }) => hugePages);
    for (const { free, total } of pools) expect(free).toBeLessThanOrEqual(total);
    if (HAS_PAGES) expect(pools.some(({ size, free }) => size === 'MIB_2' && free > 0)).toBe(true);
  }, 120_000);

  it('runs on the CPUs that it is pinned to, with the room that it has', async () => {
    const cpu = firstCpu();
    const sizes: VmSizes = { vcpus: 1, maxVcpus: 2, memoryMib: 64, maxMemoryMib: 128 };
    await off();
    await guest.retune({ cpuPinning: [String(cpu)] }, sizes);
    await guest.boot();
    const { stdout } = await guest.virsh('vcpuinfo', domain(), '--pretty');
    expect(stdout).toMatch(new RegExp(`CPU Affinity:\\s+${cpu} \\(out of`));
    expect((await xml()).match(/<vcpupin /g)).toHaveLength(2);
    expect((await guest.agent.call(inspectSizes, { vmId: guest.vmId })).definition).toEqual(inKib(sizes));
  }, 240_000);

  it('sees its nodes, whose definition can be given other room while it runs', async () => {
    const sizes: VmSizes = { vcpus: 2, maxVcpus: 2, memoryMib: 128, maxMemoryMib: 128 };
    const other: VmSizes = { ...sizes, maxVcpus: 3, maxMemoryMib: 192 };
    const nodes = ['0', '1'].map((vcpus) => ({ vcpus, memoryMib: 64, hostNode: null }));
    await off();
    await guest.retune({ numaNodes: nodes }, sizes);
    await guest.boot();
    expect(await xml()).toMatch(/<cell id='1' cpus='1' memory='65536' unit='KiB'/);
    const resized = await guest.agent.call(resizeDefinition, { vmId: guest.vmId, fence: 1, sizes: other });
    expect(resized).toMatchObject({ definition: inKib(other), live: inKib(sizes) });
    expect(await xml('--inactive')).not.toContain('<numa>');
    await off();
    const [first] = (await told()).nodes;
    await guest.retune({ numaNodes: [{ vcpus: '0-1', memoryMib: 128, hostNode: first?.id ?? 0 }] }, sizes);
    expect(await xml('--inactive')).toMatch(/<memnode cellid='0' mode='strict' nodeset='\d+'\/>/);
    // And as every VM was, when nothing is said any more.
    await guest.remake(PLAIN_HARDWARE);
    expect(await xml('--inactive')).not.toMatch(/<numa>|<numatune>|<cputune>|<memoryBacking>/);
  }, 240_000);

  it('starts with memory of a node of the host, keeps its nodes within its room, and is given what is in it', async () => {
    const sizes: VmSizes = { vcpus: 1, maxVcpus: 2, memoryMib: 64, maxMemoryMib: 128 };
    const [first] = (await told()).nodes;
    const numaNodes = [
      { vcpus: '0', memoryMib: 64, hostNode: first?.id ?? 0 },
      { vcpus: '1', memoryMib: 64, hostNode: null },
    ];
    await off();
    await guest.retune({ numaNodes, cpuPinning: [String(firstCpu())] }, sizes);
    const inside: VmSizes = { ...sizes, vcpus: 2 };
    for (const within of [sizes, inside]) {
      const { definition } = await guest.agent.call(resizeDefinition, { vmId: guest.vmId, fence: 1, sizes: within });
      expect(definition).toEqual(inKib(within));
      expect(await xml('--inactive')).toMatch(/<numa>[\s\S]*<cell id='1' cpus='1'/);
    }
    await guest.agent.call(resizeDefinition, { vmId: guest.vmId, fence: 1, sizes });
    await guest.boot();
    const { live } = await guest.agent.call(resizeLive, { vmId: guest.vmId, fence: 1, sizes: inside });
    expect(live).toMatchObject({ vcpus: 2, maxVcpus: 2 });
    expect(await xml()).toMatch(/<memnode cellid='0' mode='strict' nodeset='\d+'\/>/);
  }, 240_000);

  withPages(() => {
    it('has its memory of huge pages, locked', async () => {
      await off();
      await guest.retune({ hugePages: 'MIB_2' }, { vcpus: 1, maxVcpus: 1, memoryMib: 64, maxMemoryMib: 64 });
      await guest.boot();
      const status = await guest.shell(
        `for dir in /proc/[0-9]*; do if grep -qa "guest=${domain()}" "$dir/cmdline"; then cat "$dir/status"; fi; done`,
      );
      expect(status).toMatch(/^HugetlbPages:\s+65536 kB$/m);
      expect(status).toMatch(/^VmLck:\s+[1-9]\d* kB$/m);
    }, 240_000);
  });
});
