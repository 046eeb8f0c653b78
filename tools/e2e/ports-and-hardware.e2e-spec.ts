import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import type { GraphClient } from '../demo/graph-client.ts';
import { PatientGraphClient } from '../demo/patient-graph-client.ts';
import { CREATE_NETWORK } from '../demo/queries.ts';
import { DepartmentUnderTest } from './department-under-test.ts';
import { codeOf, connectTo, greetingOf } from './probes.ts';
import { RunningSystem } from './running-system.ts';

interface Port {
  readonly id: string;
  readonly mac: string;
  readonly address: string;
  readonly network: { readonly id: string };
}

interface Ticket {
  readonly ticket: string;
  readonly expiresAt: string;
}

interface Made {
  readonly hardware: { readonly machine: string; readonly tpm: boolean; readonly cpuModel: string };
  readonly pendingRestart: readonly { readonly path: string; readonly declaredValue: unknown }[];
}

/** One VM of a board, processor and TPM that somebody chose, in the networks that it is given while its guest runs. */
describe('the hardware and the ports of a VM', () => {
  let system: RunningSystem;
  let research: DepartmentUnderTest;
  let sales: DepartmentUnderTest;
  let laboratory: string;
  let office: string;
  let vmId: string;

  beforeAll(async () => {
    system = await RunningSystem.start();
    const admin = new PatientGraphClient(system.graphqlUrl);
    await admin.login('admin@infinibay.local', system.adminPassword);
    research = await DepartmentUnderTest.create(system, admin, 'Research');
    sales = await DepartmentUnderTest.create(system, admin, 'Sales');
    [laboratory, office] = [await network('laboratory'), await network('office')];
  });
  afterAll(async () => {
    expect(await system.stop()).toBe(0);
  });

  const network = async (name: string): Promise<string> => {
    const input = { idempotencyKey: randomUUID(), departmentId: research.id, name };
    return (await research.member.ask<{ createNetwork: { id: string } }>(CREATE_NETWORK, { input })).createNetwork.id;
  };
  const ports = async (): Promise<readonly Port[]> => {
    const query = 'query ($id: ID!) { vm(id: $id) { ports { id mac address network { id } } } }';
    return (await research.member.ask<{ vm: { ports: Port[] } }>(query, { id: vmId })).vm.ports;
  };
  const portIn = async (networkId: string): Promise<Port> => {
    const port = (await ports()).find((one) => one.network.id === networkId);
    if (port === undefined) throw new Error('the VM has no port there');
    return port;
  };
  const first = async (): Promise<Port> => {
    const [port] = await ports();
    if (port === undefined) throw new Error('the VM has no port');
    return port;
  };
  const made = async (): Promise<Made> => {
    const query =
      'query ($id: ID!) { vm(id: $id) { spec { hardware { machine tpm cpuModel } } pendingRestart { path declaredValue } } }';
    const { vm } = await research.member.ask<{
      vm: { spec: Pick<Made, 'hardware'>; pendingRestart: Made['pendingRestart'] };
    }>(query, { id: vmId });
    return { hardware: vm.spec.hardware, pendingRestart: vm.pendingRestart };
  };
  const answers = (address: string): Promise<unknown> =>
    pollUntil(async () => (await connectTo(system, address, 22)) === 'accepted', {
      timeoutMs: 60_000,
      what: `an answer of ${address}`,
    });
  /** MAC addresses of its cards. */
  const cards = async (): Promise<string[]> =>
    ((await system.virsh('domiflist', vmId)).match(/[0-9a-f]{2}(?::[0-9a-f]{2}){5}/g) ?? []).sort();
  /** All that libvirt's networks say. */
  const networks = async (): Promise<string> => {
    const names = (await system.virsh('net-list', '--name')).trim().split(/\s+/);
    return (await Promise.all(names.map((name) => system.virsh('net-dumpxml', name)))).join('\n');
  };

  it('is made on another board and with a TPM, and its guest boots there', async () => {
    const create = (): Promise<string> => research.createVm('workstation', { hardware: { machine: 'Q35', tpm: true } });
    // What VMs can be made of is known soon after the first heartbeat of a host.
    const isMade = async (): Promise<boolean> => {
      const code = await codeOf(create().then((id) => (vmId = id)));
      expect(['no error', 'NO_SUITABLE_HOST']).toContain(code);
      return code === 'no error';
    };
    await pollUntil(isMade, { timeoutMs: 60_000, intervalMs: 500, what: 'a host that can make it' });
    await research.reaches(vmId, 'RUNNING');
    await research.guestReady(vmId);
    const xml = await system.virsh('dumpxml', vmId);
    expect(xml).toMatch(/machine='pc-q35-/);
    expect(xml).toMatch(/<tpm model='tpm-crb'>\s*<backend type='emulator' version='2\.0'/);
    expect(await made()).toMatchObject({ hardware: { machine: 'Q35', tpm: true }, pendingRestart: [] });
    await answers((await first()).address);
  });

  it('shows its screen on a socket of its host, and gives tickets for it to those who may see it', async () => {
    const { member } = research;
    const query = `mutation ($input: CreateConsoleTicketInput!) { createConsoleTicket(input: $input) {
      ticket expiresAt protocol vmId
    } }`;
    const input = { idempotencyKey: randomUUID(), vmId, access: 'CONTROL' };
    const ticket = async (by: GraphClient): Promise<Ticket> =>
      (await by.ask<{ createConsoleTicket: Ticket }>(query, { input })).createConsoleTicket;
    const given = await ticket(member);
    expect(given).toMatchObject({ protocol: 'VNC', vmId });
    expect(await ticket(member)).toEqual(given);
    const [, claims = ''] = given.ticket.split('.');
    const said = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly exp: number };
    expect(new Date(said.exp * 1_000).toISOString()).toBe(given.expiresAt);
    expect(await codeOf(ticket(sales.member))).toBe('VM_NOT_FOUND');
    const [, socket = ''] = /<graphics type='vnc' socket='([^']+)'/.exec(await system.virsh('dumpxml', vmId)) ?? [];
    expect(await greetingOf(socket)).toMatch(/^RFB 003\.00\d\n$/);
  });

  it('gets a port in another network while it runs: its guest has an address there, behind the same rules', async () => {
    const before = await first();
    await research.ended(vmId, 'addVmPort', 'AddVmPortInput', { networkId: laboratory });
    const { mac, address } = await portIn(laboratory);
    expect(await cards()).toEqual([before.mac, mac].sort());
    await answers(address);
    for (const at of [address, before.address]) expect(await connectTo(system, at, 8080)).toBe('dropped');
    const again = research.ended(vmId, 'addVmPort', 'AddVmPortInput', { networkId: laboratory });
    expect(await codeOf(again)).toBe('PORT_EXISTS');
  });

  it('gets it in another network instead, and nobody answers at the address of before', async () => {
    const before = await portIn(laboratory);
    const said = { portId: before.id, networkId: office };
    await research.ended(vmId, 'changeVmPortNetwork', 'ChangeVmPortNetworkInput', said);
    const after = await portIn(office);
    expect(await cards()).toEqual([(await first()).mac, after.mac].sort());
    await answers(after.address);
    expect(await connectTo(system, before.address, 22)).not.toBe('accepted');
    const told = await networks();
    expect(told).toContain(after.mac);
    expect(told).not.toContain(before.mac);
  });

  it('starts with both again, and takes a choice of hardware and of cloud-init then and not before', async () => {
    const hardware = { cpuModel: 'MAXIMUM', cpuPinning: ['0'] };
    await research.ended(vmId, 'setVmHardware', 'SetVmHardwareInput', { hardware });
    expect((await made()).pendingRestart).toEqual([
      { path: 'hardware.cpuModel', declaredValue: '"MAXIMUM"' },
      { path: 'hardware.cpuPinning', declaredValue: '["0"]' },
    ]);
    expect(await system.virsh('dumpxml', vmId)).not.toContain("mode='maximum'");
    const input = { idempotencyKey: randomUUID(), vmId, cloudInit: { userName: 'bob', packages: ['nginx'] } };
    await research.member.ask(
      'mutation ($input: SetVmCloudInitInput!) { setVmCloudInit(input: $input) { cloudInit { userName } } }',
      { input },
    );
    expect(system.seedOf(vmId)).toBeNull();
    await research.ended(vmId, 'forceOffVm');
    await research.ended(vmId, 'startVm');
    await research.guestReady(vmId);
    expect(await system.virsh('dumpxml', vmId)).toContain("mode='maximum'");
    expect(await system.virsh('vcpupin', vmId)).toMatch(/^ *0 +0$/m);
    expect(await system.virsh('domblklist', vmId)).toContain(`seed-${vmId}.iso`);
    for (const text of ['name: "bob"', '- "nginx"']) expect(system.seedOf(vmId)).toContain(text);
    expect((await made()).pendingRestart).toEqual([]);
    for (const { address } of await ports()) await answers(address);
  });

  it('is asked first before another firmware is given to it', async () => {
    const asked = research.ended(vmId, 'setVmHardware', 'SetVmHardwareInput', { hardware: { firmware: 'UEFI' } });
    expect(await codeOf(asked)).toBe('FIRMWARE_CHANGE_UNCONFIRMED');
  });

  it('shows what somebody has changed with virsh, which is brought back, or declared', async () => {
    const GRANTED_KIB = 524_288;
    const seen = async () => {
      const query = 'query ($id: ID!) { vm(id: $id) { memoryMib drift { path declared actual } } }';
      return (await research.member.ask<{ vm: { memoryMib: number; drift: unknown[] } }>(query, { id: vmId })).vm;
    };
    const definition = (): Promise<string> => system.virsh('dumpxml', '--inactive', vmId);
    const { memoryMib, drift } = await seen();
    expect(drift).toEqual([]);
    const changed = async (): Promise<void> => {
      await system.virsh('setmaxmem', vmId, String(GRANTED_KIB), '--config');
      await system.virsh('setmem', vmId, String(GRANTED_KIB), '--config');
      await pollUntil(async () => (await seen()).drift.length > 0, { timeoutMs: 60_000, what: 'the drift' });
    };
    await changed();
    expect((await seen()).drift).toContainEqual({ path: 'definition.memoryMib', declared: memoryMib, actual: 512 });
    await research.ended(vmId, 'repairVmDrift');
    expect((await seen()).drift).toEqual([]);
    expect(await definition()).toContain(`>${String(memoryMib * 1_024)}</currentMemory>`);
    await changed();
    await research.ended(vmId, 'acceptVmDrift');
    expect(await seen()).toEqual({ memoryMib: 512, drift: [] });
    expect(await definition()).toContain(`>${String(GRANTED_KIB)}</currentMemory>`);
  });

  it('loses the port again, keeps the last one, and leaves nothing when it is deleted', async () => {
    const { id: portId, mac } = await portIn(office);
    await research.ended(vmId, 'removeVmPort', 'RemoveVmPortInput', { portId });
    const last = await first();
    expect(await cards()).toEqual([last.mac]);
    await answers(last.address);
    expect(await networks()).not.toContain(mac);
    const said = { portId: last.id };
    expect(await codeOf(research.ended(vmId, 'removeVmPort', 'RemoveVmPortInput', said))).toBe('LAST_PORT');
    await research.deleteVm(vmId);
    expect((await system.virsh('list', '--all', '--uuid')).trim()).toBe('');
    expect([system.disks(), system.seedOf(vmId)]).toEqual([[], null]);
  });
});
