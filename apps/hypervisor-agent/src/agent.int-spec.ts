import { randomUUID } from 'node:crypto';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  NOT_TUNED,
  PLAIN_HARDWARE,
  defineMachine,
  defineTunedMachine,
  defineVm,
  ensureDisk,
  ensureFilter,
  ensureNetwork,
  forceOffVm,
  getHostDetails,
  inspectFilter,
  inspectVm,
  listHostVms,
  removeDisk,
  removeFilter,
  removeNetwork,
  rebootVm,
  shutdownVm,
  startVm,
  undefineVm,
  type NetworkSpec,
  type VmSpec,
} from '@infinibay/contracts';
import { Connection } from '@infinibay/libvirt';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningAgent, agentFolders, settingsIn, writeImage } from './agent.fixture.js';

const MIB = 1_048_576;

const vmSpec = (vmId: string, changes: Partial<VmSpec> = {}): VmSpec => ({
  vmId,
  departmentId: randomUUID(),
  name: 'web <1> & "co"',
  vcpus: 1,
  memoryMib: 64,
  nics: [],
  filterName: null,
  ...changes,
});

const networkSpec = (networkId: string, reservations: NetworkSpec['reservations'] = []): NetworkSpec => ({
  networkId,
  name: `net-${networkId.slice(0, 8)}`,
  bridge: `ib${networkId.slice(0, 8)}`,
  mac: '52:54:00:00:00:01',
  gateway: '10.80.0.1',
  prefixLength: 24,
  reservations,
});

describe("the agent on libvirt's test driver", () => {
  const folders = agentFolders();
  const image = writeImage(folders.images, Buffer.alloc(MIB));
  const environment = settingsIn(folders);
  let agent: RunningAgent;
  // The test driver forgets everything when its last connection is closed; a daemon would not.
  let keeper: Connection;

  beforeAll(async () => {
    keeper = await Connection.open('test:///default');
    agent = await RunningAgent.start(environment);
  });
  afterAll(async () => {
    await agent.stop();
    await keeper.close();
    folders.remove();
  });

  /** Makes a VM with disk and domain. */
  const build = async (fence = 1): Promise<string> => {
    const vmId = randomUUID();
    await agent.call(ensureDisk, { vmId, fence, imageId: image.imageId, capacityBytes: 2 * MIB });
    await agent.call(defineVm, { fence, spec: vmSpec(vmId) });
    return vmId;
  };

  it('takes a VM through its life, each step twice', async () => {
    const vmId = randomUUID();
    const at = { vmId, fence: 1 };
    const disk = { ...at, imageId: image.imageId, capacityBytes: 2 * MIB };
    expect(await agent.call(inspectVm, { vmId })).toEqual({ domain: null, disk: null });
    expect(await agent.call(ensureDisk, disk)).toEqual({ created: true });
    expect(await agent.call(ensureDisk, disk)).toEqual({ created: false });
    for (const _ of [1, 2]) await agent.call(defineVm, { fence: 1, spec: vmSpec(vmId) });
    for (const _ of [1, 2]) expect(await agent.call(startVm, at)).toEqual({ power: 'running' });
    expect(await agent.call(inspectVm, { vmId })).toEqual({
      domain: { power: 'running', reason: 'booted' },
      disk: { capacityBytes: 2 * MIB },
    });
    const restart = { ...at, operationId: randomUUID() };
    for (const _ of [1, 2]) expect(await agent.call(rebootVm, restart)).toEqual({ power: 'running', isRebooted: true });
    for (const _ of [1, 2]) expect(await agent.call(shutdownVm, at)).toEqual({ power: 'off' });
    expect(await agent.refusal(rebootVm, { ...at, operationId: randomUUID() })).toBe('VM_BUSY');
    await agent.call(startVm, at);
    for (const _ of [1, 2]) expect(await agent.call(forceOffVm, at)).toEqual({ power: 'off' });
    expect(await agent.call(undefineVm, at)).toEqual({ removed: true });
    expect(await agent.call(undefineVm, at)).toEqual({ removed: false });
    expect(await agent.call(removeDisk, at)).toEqual({ removed: true });
    expect(await agent.call(removeDisk, at)).toEqual({ removed: false });
    expect(await agent.call(inspectVm, { vmId })).toEqual({ domain: null, disk: null });
  });

  it('refuses a worker that was replaced, after a restart too', async () => {
    const vmId = await build(5);
    expect(await agent.refusal(startVm, { vmId, fence: 4 })).toBe('STALE_FENCE');
    await agent.stop();
    agent = await RunningAgent.start({ ...environment, HOST_ID: agent.hostId });
    expect(await agent.refusal(startVm, { vmId, fence: 4 })).toBe('STALE_FENCE');
    expect(await agent.refusal(rebootVm, { vmId, fence: 4, operationId: randomUUID() })).toBe('STALE_FENCE');
    expect(await agent.refusal(defineVm, { fence: 4, spec: vmSpec(vmId) })).toBe('STALE_FENCE');
    expect((await agent.call(inspectVm, { vmId })).domain?.power).toBe('off');
    expect(await agent.call(startVm, { vmId, fence: 5 })).toEqual({ power: 'running' });
    await agent.call(forceOffVm, { vmId, fence: 6 });
    await agent.call(undefineVm, { vmId, fence: 6 });
    expect(await agent.refusal(defineVm, { fence: 5, spec: vmSpec(vmId) })).toBe('STALE_FENCE');
  });

  it('keeps what a running VM needs', async () => {
    const vmId = await build();
    await agent.call(startVm, { vmId, fence: 1 });
    expect(await agent.refusal(removeDisk, { vmId, fence: 1 })).toBe('VM_BUSY');
    expect(await agent.refusal(undefineVm, { vmId, fence: 1 })).toBe('VM_BUSY');
    await agent.call(forceOffVm, { vmId, fence: 1 });
  });

  it('says that it does not know a VM', async () => {
    const nobody = { vmId: randomUUID(), fence: 1 };
    expect(await agent.refusal(rebootVm, { ...nobody, operationId: randomUUID() })).toBe('VM_NOT_FOUND');
    for (const contract of [startVm, shutdownVm, forceOffVm]) {
      expect(await agent.refusal(contract, { vmId: randomUUID(), fence: 1 })).toBe('VM_NOT_FOUND');
    }
  });

  it('refuses images that it does not have or that could reach other files', async () => {
    const linkTarget = writeImage(folders.images, Buffer.alloc(MIB), { file: 'link.img' });
    symlinkSync('/etc/hostname', join(folders.images, 'link.img'));
    const qcow2 = Buffer.alloc(MIB);
    qcow2.write('QFI\xfb\0\0\0\x03', 0, 'latin1');
    qcow2.writeBigUInt64BE(512n, 8);
    const refused = [
      randomUUID(),
      linkTarget.imageId,
      writeImage(folders.images, Buffer.alloc(MIB), { sha256: '0'.repeat(64) }).imageId,
      writeImage(folders.images, Buffer.alloc(MIB), { virtualSizeBytes: 2 * MIB }).imageId,
      writeImage(folders.images, Buffer.alloc(MIB), { file: '../../etc/hostname' }).imageId,
      writeImage(folders.images, qcow2, { format: 'qcow2' }).imageId,
    ];
    writeFileSync(join(folders.images, 'broken.json'), '{');
    for (const imageId of refused) {
      const vmId = randomUUID();
      expect(await agent.refusal(ensureDisk, { vmId, fence: 1, imageId, capacityBytes: MIB })).toBe('IMAGE_NOT_FOUND');
      expect((await agent.call(inspectVm, { vmId })).disk).toBeNull();
    }
  });

  it('works on many VMs at once, and on one VM in order', async () => {
    const vmIds = await Promise.all(Array.from({ length: 20 }, () => build()));
    const answers = await Promise.all(
      vmIds.flatMap((vmId) => [1, 2, 3].map(() => agent.call(startVm, { vmId, fence: 1 }))),
    );
    expect(new Set(answers.map(({ power }) => power))).toEqual(new Set(['running']));
    const listed = await agent.call(listHostVms, {});
    const running = new Set(listed.vms.filter(({ power }) => power === 'running').map(({ vmId }) => vmId));
    expect(vmIds.every((vmId) => running.has(vmId))).toBe(true);
    await Promise.all(vmIds.map((vmId) => agent.call(forceOffVm, { vmId, fence: 1 })));
  });

  it('reports each change of power soon, and the full list in heartbeats that grow in number', async () => {
    const vmId = await build();
    await agent.call(startVm, { vmId, fence: 1 });
    await agent.call(forceOffVm, { vmId, fence: 1 });
    const off = await pollUntil(() => agent.powerChanges.find(({ vm }) => vm.vmId === vmId && vm.power === 'off'), {
      timeoutMs: 5_000,
      what: 'the report of the power cut',
    });
    expect(off).toMatchObject({ hostId: agent.hostId, vm: { vmId, power: 'off', reason: 'destroyed' } });
    const beat = await pollUntil(
      () => agent.heartbeats.find(({ sequence, vms }) => sequence > off.sequence && vms.some((vm) => vm.vmId === vmId)),
      { timeoutMs: 5_000, what: 'a heartbeat after it' },
    );
    expect(beat.vms.find((vm) => vm.vmId === vmId)?.power).toBe('off');
    const sequences = agent.heartbeats.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
  });

  it("tells what the host has and leaves other people's domains out", async () => {
    await pollUntil(() => agent.heartbeats.at(-1)?.inventory.images.some(({ imageId }) => imageId === image.imageId), {
      timeoutMs: 10_000,
      what: 'the image in a heartbeat',
    });
    const { inventory, vms } = await agent.call(listHostVms, {});
    expect(inventory).toMatchObject({
      hostId: agent.hostId,
      capabilities: { virtType: 'test', nwfilter: false, guestChannel: false },
    });
    // The test driver has a domain named "test" from the start.
    expect(vms.map(({ vmId }) => vmId)).not.toContain('6695eb01-f6a4-8304-79aa-97f2502e193f');
  });

  it('tells CPU, memory and NUMA cells of the host', async () => {
    const { details } = await agent.call(getHostDetails, {});
    expect(details).toMatchObject({
      hostId: agent.hostId,
      driver: 'TEST',
      kvm: { works: false, reason: 'the driver TEST has no KVM' },
      cpu: { arch: 'i686', model: null, online: 16, socketsPerCell: 2 },
      memoryMib: 3_072,
      pciDevices: null,
    });
    expect(details.numaCells.map(({ id, memoryMib, cpus }) => [id, memoryMib, cpus.length])).toEqual([
      [0, 2_048, 8],
      [1, 4_096, 8],
    ]);
    expect(details.guestKinds).toEqual([{ arch: 'i686', virtTypes: ['test'], machineTypes: [] }]);
  });

  it('tells that this driver gives no choice of hardware, and makes nothing else of a VM', async () => {
    const told = await pollUntil(() => agent.hardware, { what: 'the report', timeoutMs: 60_000 });
    expect(told).toEqual({ machines: [{ machine: 'PC', firmwares: ['BIOS'] }], cpuModels: [], tpm: false });
    const vmId = randomUUID();
    const asked = { fence: 1, spec: vmSpec(vmId), hardware: { ...PLAIN_HARDWARE, tpm: true } };
    expect(await agent.refusal(defineMachine, asked)).toBe('UNSUPPORTED_BY_DRIVER');
    expect(await pollUntil(() => agent.tuning, { what: 'the other report', timeoutMs: 60_000 })).toEqual({ nodes: [] });
    const sizes = { vcpus: 1, maxVcpus: 1, memoryMib: 64, maxMemoryMib: 64 };
    const pinned = { ...asked, hardware: PLAIN_HARDWARE, tuning: { ...NOT_TUNED, cpuPinning: ['0'] }, sizes };
    expect(await agent.refusal(defineTunedMachine, pinned)).toBe('UNSUPPORTED_BY_DRIVER');
    expect(await agent.call(inspectVm, { vmId })).toEqual({ domain: null, disk: null });
  });

  it('makes networks with exactly the reservations of the newest revision', async () => {
    const networkId = randomUUID();
    const one = { mac: '52:54:00:12:34:56', address: '10.80.0.10', hostname: 'a' };
    const two = { mac: '52:54:00:12:34:57', address: '10.80.0.11', hostname: null };
    const moved = { ...two, address: '10.80.0.10' };
    const ensure = (revision: number, reservations: NetworkSpec['reservations']) =>
      agent.call(ensureNetwork, { revision, spec: networkSpec(networkId, reservations) });
    expect(await ensure(1, [one])).toEqual({ changed: true });
    expect(await ensure(1, [one])).toEqual({ changed: false });
    expect(await ensure(2, [one, two])).toEqual({ changed: true });
    expect(await ensure(1, [])).toEqual({ changed: false });
    expect(await ensure(3, [moved])).toEqual({ changed: true });
    expect(await ensure(4, [moved])).toEqual({ changed: false });
    // Refused before its revision is stored: lower ones still count.
    const unwritable = networkSpec(networkId, [{ ...one, hostname: 'a&b' }]);
    expect(await agent.refusal(ensureNetwork, { revision: 9, spec: unwritable })).toBe('INVALID_INPUT');
    expect(await ensure(4, [moved])).toEqual({ changed: false });
    expect(await ensure(5, [one])).toEqual({ changed: true });
    const elsewhere = { ...networkSpec(networkId, [one]), gateway: '10.81.0.1' };
    expect(await agent.refusal(ensureNetwork, { revision: 6, spec: elsewhere })).toBe('NETWORK_IN_USE');
    const { name } = networkSpec(networkId);
    expect(await agent.refusal(removeNetwork, { networkId: randomUUID(), name })).toBe('HYPERVISOR_ERROR');
    expect(await agent.call(removeNetwork, { networkId, name })).toEqual({ removed: true });
    expect(await agent.call(removeNetwork, { networkId, name })).toEqual({ removed: false });
  });

  it('says of an older revision of a network that it is not there, when the newer one failed', async () => {
    const networkId = randomUUID();
    const spec = networkSpec(networkId);
    const unusable = { ...spec, mac: '53:54:00:00:00:01' };
    expect(await agent.refusal(ensureNetwork, { revision: 5, spec: unusable })).toBe('HYPERVISOR_ERROR');
    expect(await agent.refusal(ensureNetwork, { revision: 4, spec })).toBe('NETWORK_NOT_FOUND');
    expect(await agent.call(ensureNetwork, { revision: 5, spec })).toEqual({ changed: true });
    expect(await agent.call(ensureNetwork, { revision: 4, spec })).toEqual({ changed: false });
    expect(await agent.call(removeNetwork, { networkId, name: spec.name })).toEqual({ removed: true });
  });

  it('does nothing to a network when nobody would hear of it', async () => {
    const networkId = randomUUID();
    const spec = networkSpec(networkId);
    expect(await agent.refusal(ensureNetwork, { revision: 1, spec }, 200)).toBe('DEADLINE_EXCEEDED');
    expect(await agent.call(removeNetwork, { networkId, name: spec.name })).toEqual({ removed: false });
  });

  it('says plainly that this driver has no packet filter', async () => {
    const vmId = randomUUID();
    expect(await agent.call(ensureFilter, { spec: { vmId, revision: 1, rules: [] } })).toEqual({
      filterName: null,
      status: 'UNSUPPORTED',
    });
    expect(await agent.call(inspectFilter, { vmId })).toEqual({ status: 'UNSUPPORTED', interfaces: [] });
    expect(await agent.call(removeFilter, { vmId })).toEqual({ removed: false });
  });

  it('is ready, and counts its calls', async () => {
    const ready = await agent.http('/health/ready');
    expect(ready.body).toContain('"name":"hypervisor","ok":true');
    expect(ready.body).toContain('"kvm":{"works":false,"reason":"the driver TEST has no KVM"');
    const { body } = await agent.http('/metrics');
    const counted = body.split('\n').filter((line) => /^infinibay_(libvirt|domains|kvm)/.test(line));
    expect(counted).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^infinibay_libvirt_calls_total\{.*call="start-domain".*outcome="ok".*\} [1-9]/),
        expect.stringMatching(/^infinibay_libvirt_connected\{.*\} 1$/),
        expect.stringMatching(/^infinibay_kvm_works\{.*\} 0$/),
        expect.stringMatching(/^infinibay_domains\{.*power="off".*\} [1-9]/),
      ]),
    );
  });
});

describe('the agent without a libvirt daemon', () => {
  it('lives, is not ready, and answers that the host is unavailable', async () => {
    const folders = agentFolders();
    const agent = await RunningAgent.start(settingsIn(folders, `qemu+unix:///system?socket=${folders.sockets}/none`), {
      withLibvirt: false,
    });
    try {
      expect(await agent.refusal(listHostVms, {})).toBe('HOST_UNAVAILABLE');
      expect(await agent.refusal(startVm, { vmId: randomUUID(), fence: 1 })).toBe('HOST_UNAVAILABLE');
      expect((await agent.http('/health/live')).status).toBe(200);
      const ready = await agent.http('/health/ready');
      expect(ready.status).toBe(503);
      expect(ready.body).toContain('"name":"hypervisor","ok":false');
      expect(agent.heartbeats).toEqual([]);
    } finally {
      await agent.stop();
      folders.remove();
    }
  });
});
