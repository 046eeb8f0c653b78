import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  defineVm,
  ensureDisk,
  ensureFilter,
  ensureNetwork,
  forceOffVm,
  getHostDetails,
  inspectFilter,
  inspectVm,
  removeDisk,
  removeFilter,
  removeNetwork,
  startVm,
  undefineVm,
  type CompiledRule,
  type NetworkSpec,
  type VmSpec,
} from '@infinibay/contracts';
import { findTestHypervisor, pollUntil, type TestHypervisor } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningAgent, agentFolders, writeImage } from './agent.fixture.js';

const run = promisify(execFile);
const hypervisor = findTestHypervisor();
const MIB = 1_048_576;

const accept = (port: number): CompiledRule => ({
  direction: 'IN',
  action: 'ACCEPT',
  protocol: 'TCP',
  portFrom: port,
  portTo: port,
  remoteCidr: null,
  priority: 0,
});

/** Machines without QEMU run the test driver's spec only; the test runner says so. */
const onQemu = (facts: (at: TestHypervisor) => void): void => {
  if (hypervisor !== undefined) describe('the agent on QEMU', () => facts(hypervisor));
  else it('needs QEMU and libvirtd, which this machine lacks', () => expect(hypervisor).toBeUndefined());
};

onQemu((at) => {
  const folders = agentFolders();
  const vmId = randomUUID();
  const networkId = randomUUID();
  const fenced = { vmId, fence: 1 };
  const mac = '52:54:00:aa:bb:01';
  const address = '10.99.7.10';
  const spec: VmSpec = {
    vmId,
    departmentId: randomUUID(),
    name: 'filtered',
    vcpus: 1,
    memoryMib: 64,
    nics: [{ portId: randomUUID(), networkId, mac, address, networkName: `ibt-${networkId.slice(0, 8)}` }],
    filterName: `infinibay-vm-${vmId}`,
  };
  const network: NetworkSpec = {
    networkId,
    name: `ibt-${networkId.slice(0, 8)}`,
    bridge: `ibt${networkId.slice(0, 8)}`,
    mac: '52:54:00:aa:bb:ff',
    gateway: '10.99.7.1',
    prefixLength: 24,
    reservations: [{ mac, address, hostname: 'filtered' }],
  };
  let agent: RunningAgent;
  let imageId: string;

  const inNetwork = (...command: string[]) => run('ip', ['netns', 'exec', at.networkNamespace, ...command]);
  const applyFilter = (revision: number, ports: number[]) =>
    agent.call(ensureFilter, { spec: { vmId, revision, rules: ports.map(accept) } });
  const kernelRules = async () => {
    const { status, interfaces } = await agent.call(inspectFilter, { vmId });
    return { status, lines: interfaces.flatMap((card) => card.kernelRules).join('\n') };
  };
  /** A look serves for a second or two: what was changed just now is seen after that. */
  const seen = (status: string, line = '') =>
    pollUntil(
      async () => {
        const now = await kernelRules();
        return now.status === status && now.lines.includes(line) ? now : undefined;
      },
      { timeoutMs: 60_000, what: `the look at the filter to tell ${status} ${line}` },
    );

  beforeAll(async () => {
    const file = join(folders.state, 'empty.qcow2');
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', file, String(8 * MIB)]);
    ({ imageId } = writeImage(folders.images, readFileSync(file), { format: 'qcow2', virtualSizeBytes: 8 * MIB }));
    agent = await RunningAgent.start({
      LIBVIRT_URI: at.uri,
      AGENT_SOCKET_DIR: at.agentSocketDir,
      SCREEN_SOCKET_DIR: at.screenSocketDir,
      IMAGE_DIR: folders.images,
      DISK_DIR: at.diskDir,
      STATE_DIR: folders.state,
      NETNS: at.networkNamespace,
      // The watch of networks would write rules, too, while libvirt does: Debian's ebtables loses such races.
      NETWORK_CHECK_INTERVAL_MS: '3600000',
    });
  });
  afterAll(async () => {
    await agent.call(forceOffVm, fenced).catch(() => undefined);
    await agent.call(undefineVm, fenced);
    await agent.call(removeDisk, fenced);
    await agent.call(removeFilter, { vmId });
    await agent.call(removeNetwork, { networkId, name: network.name });
    await agent.stop();
    folders.remove();
  });

  it('tells what the host is, as the kernel tells it', async () => {
    const { details } = await agent.call(getHostDetails, {});
    expect(details.cpu).toMatchObject({ arch: 'x86_64', online: cpus().length });
    expect(details.cpu.model).not.toBeNull();
    expect(details.cpu.features.length).toBeGreaterThan(0);
    expect(details.numaCells.flatMap((cell) => cell.cpus)).toHaveLength(cpus().length);
    expect(details.numaCells.every(({ memoryFreeMib }) => memoryFreeMib !== null && memoryFreeMib > 0)).toBe(true);
    // Not the machine's total: memory that was plugged in later is in no node on some kernels.
    const node = readFileSync('/sys/devices/system/node/node0/meminfo', 'utf8');
    const nodeMib = Number(/MemTotal:\s+(\d+) kB/.exec(node)?.[1]) / 1024;
    expect(Math.abs((details.numaCells[0]?.memoryMib ?? 0) - nodeMib)).toBeLessThan(64);
    expect(details.guestKinds.find(({ arch }) => arch === 'x86_64')?.machineTypes).toContainEqual(
      expect.objectContaining({ name: 'pc', canonicalName: expect.stringMatching(/^pc-i440fx-/) }),
    );
  });

  it('tells the PCI devices that the kernel has', async () => {
    const { pciDevices } = (await agent.call(getHostDetails, {})).details;
    const folder = '/sys/bus/pci/devices';
    const addresses = existsSync(folder) ? readdirSync(folder).sort() : [];
    expect(pciDevices?.map(({ address }) => address).sort()).toEqual(addresses);
    for (const { address, vendorId, productId } of pciDevices ?? []) {
      const ids = ['vendor', 'device'].map((name) => readFileSync(join(folder, address, name), 'utf8').trim());
      expect([`0x${vendorId}`, `0x${productId}`]).toEqual(ids);
    }
  });

  it('refuses to start a guest whose filter is missing', async () => {
    await agent.call(ensureNetwork, { revision: 1, spec: network });
    await agent.call(ensureDisk, { ...fenced, imageId, capacityBytes: 16 * MIB });
    await agent.call(defineVm, { fence: 1, spec });
    expect(await agent.refusal(startVm, fenced)).toBe('FILTER_MISSING');
    await agent.call(defineVm, { fence: 1, spec: { ...spec, filterName: null } });
    expect(await agent.refusal(startVm, fenced)).toBe('FILTER_MISSING');
    expect((await agent.call(inspectVm, { vmId })).domain?.power).toBe('off');
  });

  it('starts it with its filter in the kernel, on a linked clone', async () => {
    expect(await applyFilter(1, [22])).toEqual({ filterName: spec.filterName, status: 'APPLIED' });
    await agent.call(defineVm, { fence: 1, spec });
    for (const _ of [1, 2]) expect(await agent.call(startVm, fenced)).toEqual({ power: 'running' });
    const { lines } = await seen('APPLIED', '--dport 22 ');
    expect(lines).toMatch(/-A FO-vnet\d+ -p tcp -m tcp --dport 22 .*-j ACCEPT/);
    expect(lines).toContain(address);
    expect(statSync(join(at.agentSocketDir, vmId, 'agent.sock')).isSocket()).toBe(true);
    expect(await agent.call(inspectVm, { vmId })).toMatchObject({ disk: { capacityBytes: 16 * MIB } });
    expect(statSync(join(at.diskDir, `vm-${vmId}.qcow2`)).size).toBeLessThan(MIB);
  });

  it('changes the rules of the running guest, and ignores an older revision', async () => {
    expect(await applyFilter(3, [443])).toMatchObject({ status: 'APPLIED' });
    await applyFilter(2, [22, 8080]);
    const { lines } = await seen('APPLIED', '--dport 443 ');
    expect(lines).not.toContain('--dport 22 ');
    expect(lines).not.toContain('--dport 8080 ');
  });

  it('says what it has when an older revision comes after one that was not applied, and stores nothing that it refuses', async () => {
    const other = randomUUID();
    const ensure = (revision: number, rules: CompiledRule[]) =>
      agent.call(ensureFilter, { spec: { vmId: other, revision, rules } });
    const alternating = Array.from({ length: 2_000 }, (_, index) => ({
      ...accept(index + 1),
      action: index % 2 === 0 ? ('DROP' as const) : ('ACCEPT' as const),
    }));
    const refused = { vmId: randomUUID(), revision: 9, rules: alternating };
    expect(await agent.refusal(ensureFilter, { spec: refused })).toBe('INVALID_INPUT');
    expect(existsSync(join(folders.state, 'filters', refused.vmId))).toBe(false);
    // As an agent leaves it that is killed between: begun, and nothing of it applied. Not read before, for it is remembered.
    writeFileSync(join(folders.state, 'filters', other), '5');
    expect(await ensure(4, [accept(22)])).toMatchObject({ status: 'PENDING' });
    expect(await agent.call(inspectFilter, { vmId: other })).toMatchObject({ status: 'PENDING' });
    expect(await ensure(5, [accept(22)])).toMatchObject({ status: 'APPLIED' });
    expect(await ensure(4, [])).toMatchObject({ status: 'APPLIED' });
    expect(await agent.call(removeFilter, { vmId: other })).toEqual({ removed: true });
  });

  it('sees that somebody flushed the rules, and brings them back', async () => {
    await inNetwork('iptables', '-F');
    await seen('FAILED');
    expect(await applyFilter(3, [443])).toMatchObject({ status: 'APPLIED' });
    await seen('APPLIED', '--dport 443 ');
    await inNetwork('ebtables', '-t', 'nat', '-F');
    await seen('FAILED');
    await applyFilter(3, [443]);
    await seen('APPLIED');
  });

  it('reserves an address live', async () => {
    const neighbour = { mac: '52:54:00:aa:bb:02', address: '10.99.7.11', hostname: 'neighbour' };
    const both = { ...network, reservations: [...network.reservations, neighbour] };
    expect(await agent.call(ensureNetwork, { revision: 2, spec: both })).toEqual({ changed: true });
    expect(await agent.call(ensureNetwork, { revision: 2, spec: both })).toEqual({ changed: false });
  });

  it('keeps the filter of a running guest', async () => {
    expect(await agent.refusal(removeFilter, { vmId })).toBe('VM_BUSY');
  });

  it('reports a guest that was killed from outside', async () => {
    const pids = execFileSync('pgrep', ['-f', `guest=vm-${vmId},`], { encoding: 'utf8' })
      .trim()
      .split('\n');
    for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
    const change = await pollUntil(() => agent.powerChanges.find(({ vm }) => vm.vmId === vmId && vm.power === 'off'), {
      timeoutMs: 15_000,
      what: 'the report of the end',
    });
    expect(change.vm.reason).toBe('crashed');
  });

  it('leaves nothing behind', async () => {
    await agent.call(startVm, fenced);
    await agent.call(forceOffVm, fenced);
    expect(await agent.call(undefineVm, fenced)).toEqual({ removed: true });
    expect(await agent.call(removeDisk, fenced)).toEqual({ removed: true });
    expect(await agent.call(removeFilter, { vmId })).toEqual({ removed: true });
    expect(await agent.call(removeNetwork, { networkId, name: network.name })).toEqual({ removed: true });
    expect(existsSync(join(at.agentSocketDir, vmId))).toBe(false);
    expect(existsSync(join(at.diskDir, `vm-${vmId}.qcow2`))).toBe(false);
    expect((await inNetwork('iptables-save')).stdout).not.toContain('FI-vnet');
    expect(await agent.call(inspectFilter, { vmId })).toEqual({ status: 'PENDING', interfaces: [] });
  });
});
