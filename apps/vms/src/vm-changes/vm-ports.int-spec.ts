import { randomUUID } from 'node:crypto';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { PORT } from '../testing/simulated-links.js';
import { cardIn } from '../testing/simulated-ports.js';
import { TransferBench } from '../testing/transfer-bench.js';
import { VmBench } from '../testing/vm-bench.js';
import { memberOf } from '../testing/vms-under-test.js';

const KINDS = {
  addVmPort: 'ADD_VM_PORT',
  removeVmPort: 'REMOVE_VM_PORT',
  changeVmPortNetwork: 'CHANGE_VM_PORT_NETWORK',
} as const;
const UP = 'UP';

describe('ports of a VM', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  /** The network of the first port of each VM here. */
  const first = () => bench.neighbours.hostId;
  const cardOf = (networkId: string) => (networkId === first() ? PORT : cardIn(networkId));
  const ended = (id: string, mutation: keyof typeof KINDS, status = 'SUCCEEDED') =>
    bench.until(
      id,
      `${mutation} ${status}`,
      ({ operations: [last] }) => last?.kind === KINDS[mutation] && last.status === status,
    );
  const ask = async (mutation: keyof typeof KINDS, vmId: string, more: Record<string, unknown>): Promise<void> => {
    expect((await bench.say(mutation, { vmId, ...more })).errors).toBeUndefined();
    await ended(vmId, mutation);
  };
  const codeOf = async (mutation: keyof typeof KINDS, input: Record<string, unknown>, actor = bench.actor) =>
    (await bench.say(mutation, input, actor)).errors?.[0]?.extensions.code;
  const off = async (id: string): Promise<void> => {
    expect((await bench.act('forceOffVm', id)).errors).toBeUndefined();
    await bench.reaches(id, 'STOPPED');
  };
  const withPort = async (): Promise<{ readonly vmId: string; readonly networkId: string }> => {
    const [vmId, networkId] = [await bench.running(), randomUUID()];
    await ask('addVmPort', vmId, { networkId });
    return { vmId, networkId };
  };
  /** The networks in which it has ports, its first one first; its cards, in its definition and in what runs; its rows. */
  const around = async (vmId: string) => {
    const { definition, live } = bench.neighbours.vm(vmId).sizes.links.observed();
    const [definedAs, runsWith] = [definition, live].map(
      (links) => links?.map(({ mac, linkState }) => `${mac} ${linkState}`).sort() ?? null,
    );
    const { networkId } = await database().vm.findUniqueOrThrow({ where: { id: vmId } });
    const rows = await database().vmPort.findMany({ where: { vmId }, orderBy: { createdAt: 'asc' } });
    const networks = bench.neighbours.ports.of(vmId).map(([one]) => one);
    return { networks, definedAs, runsWith, networkId, rows: rows.map((row) => `${row.networkId} ${row.attachment}`) };
  };
  const cards = (...networkIds: string[]) => networkIds.map((one) => `${cardOf(one).mac} ${UP}`).sort();
  /** It has ports in these networks, and nothing is under way. */
  const has = (firstOne: string, ...others: string[]) => ({
    networks: [firstOne, ...others],
    definedAs: cards(firstOne, ...others),
    runsWith: cards(firstOne, ...others),
    networkId: firstOne,
    rows: others.map((one) => `${one} ATTACHED`),
  });

  it('come to a guest that runs, behind its filter, and are there at its next start', async () => {
    const { vmId, networkId } = await withPort();
    expect(await around(vmId)).toEqual(has(first(), networkId));
    const { calls } = bench.neighbours;
    expect(calls.lastIndexOf('protect-vm')).toBeLessThan(calls.lastIndexOf('attach-port'));
    await off(vmId);
    const another = randomUUID();
    await ask('addVmPort', vmId, { networkId: another });
    expect(await around(vmId)).toEqual({ ...has(first(), networkId, another), runsWith: null });
    await bench.act('startVm', vmId);
    await bench.reaches(vmId, 'RUNNING');
    expect(await around(vmId)).toEqual(has(first(), networkId, another));
    // A cable is of one port.
    expect((await bench.say('setVmPortLink', { vmId, portId: networkId })).errors).toBeUndefined();
    await bench.until(vmId, 'the link', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
    const links = bench.neighbours.vm(vmId).sizes.links.observed().live ?? [];
    const down = links.filter(({ linkState }) => linkState === 'DOWN').map(({ mac }) => mac);
    expect(down).toEqual([cardOf(networkId).mac]);
  }, 120_000);

  it('go one by one, the first one too, but for the last', async () => {
    const { vmId, networkId } = await withPort();
    const another = randomUUID();
    await ask('addVmPort', vmId, { networkId: another });
    await ask('removeVmPort', vmId, { portId: PORT.portId });
    expect(await around(vmId)).toEqual(has(networkId, another));
    await off(vmId);
    await ask('removeVmPort', vmId, { portId: another });
    expect(await around(vmId)).toEqual({ ...has(networkId), runsWith: null });
    expect(await codeOf('removeVmPort', { vmId, portId: networkId })).toBe('LAST_PORT');
    await bench.act('startVm', vmId);
    await bench.reaches(vmId, 'RUNNING');
    expect(await around(vmId)).toEqual(has(networkId));
  }, 120_000);

  it('stay with a guest that keeps its card past its time', async () => {
    const { vmId, networkId } = await withPort();
    bench.neighbours.vm(vmId).sizes.links.isKept = true;
    for (const portId of [networkId, PORT.portId]) {
      const asked = bench.actWith('removeVmPort', vmId, 'timeoutSeconds: 1', randomUUID(), { portId });
      expect((await asked).errors).toBeUndefined();
      const failed = await ended(vmId, 'removeVmPort', 'FAILED');
      expect([failed.state, failed.operations[0]?.errorCode]).toEqual(['RUNNING', 'DEADLINE_EXCEEDED']);
      expect(await around(vmId)).toEqual(has(first(), networkId));
    }
  }, 120_000);

  it('change their network for another port, whose cable is as it was', async () => {
    const [vmId, networkId] = [await bench.running(), randomUUID()];
    expect((await bench.say('setVmPortLink', { vmId })).errors).toBeUndefined();
    await bench.until(vmId, 'the link', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
    const { calls } = bench.neighbours;
    await ask('changeVmPortNetwork', vmId, { portId: PORT.portId, networkId });
    // It is never without one.
    expect(calls.lastIndexOf('attach-port')).toBeLessThan(calls.lastIndexOf('detach-port'));
    const pulled = [`${cardOf(networkId).mac} DOWN`];
    expect(await around(vmId)).toEqual({ ...has(networkId), definedAs: pulled, runsWith: pulled });
    const { revision, appliedRevision } = await database().vm.findUniqueOrThrow({ where: { id: vmId } });
    expect([revision, appliedRevision]).toEqual([3, 3]);
  }, 120_000);

  it('are as they were when a guest keeps the card that it should give for another', async () => {
    const [vmId, networkId] = [await bench.running(), randomUUID()];
    const { links } = bench.neighbours.vm(vmId).sizes;
    links.isKept = true;
    const more = { portId: PORT.portId, networkId };
    const asked = bench.actWith('changeVmPortNetwork', vmId, 'timeoutSeconds: 1', randomUUID(), more);
    expect((await asked).errors).toBeUndefined();
    await ended(vmId, 'changeVmPortNetwork', 'FAILED');
    // What has come goes when it can.
    expect((await around(vmId)).rows).toEqual([`${networkId} DETACHING`]);
    await off(vmId);
    await pollUntil(async () => (await around(vmId)).rows.length === 0, { what: 'the end', timeoutMs: 60_000 });
    expect(await around(vmId)).toEqual({ ...has(first()), runsWith: null });
  }, 120_000);

  it('leave nothing where their network is full, and keep no guest from starting', async () => {
    const [vmId, networkId] = [await bench.running(), randomUUID()];
    bench.neighbours.ports.full.add(networkId);
    expect((await bench.say('addVmPort', { vmId, networkId })).errors).toBeUndefined();
    const failed = await ended(vmId, 'addVmPort', 'FAILED');
    expect([failed.state, failed.operations[0]?.errorCode]).toEqual(['RUNNING', 'ADDRESSES_EXHAUSTED']);
    const isOver = async () => (await around(vmId)).rows.length === 0;
    await pollUntil(isOver, { what: 'nothing to be left', timeoutMs: 60_000 });
    expect(await around(vmId)).toEqual(has(first()));
    await off(vmId);
    await bench.held(vmId, async () => {
      expect((await bench.say('addVmPort', { vmId, networkId })).errors).toBeUndefined();
      // Which gives way to it: the port is still to come when the guest is started.
      expect((await bench.act('startVm', vmId)).errors).toBeUndefined();
    });
    await bench.reaches(vmId, 'RUNNING');
    await pollUntil(isOver, { what: 'nothing to be left', timeoutMs: 60_000 });
    expect(await around(vmId)).toEqual(has(first()));
  }, 120_000);

  it('are refused where they cannot be, and told to nobody who may not see the VM', async () => {
    const { vmId, networkId } = await withPort();
    const [missing, stranger] = [randomUUID(), memberOf(randomUUID())];
    bench.neighbours.ports.missing.add(missing);
    expect(await codeOf('addVmPort', { vmId, networkId })).toBe('PORT_EXISTS');
    expect(await codeOf('addVmPort', { vmId, networkId: first() })).toBe('PORT_EXISTS');
    for (const one of [missing, 'no-uuid']) {
      expect(await codeOf('addVmPort', { vmId, networkId: one })).toBe('NETWORK_NOT_FOUND');
      expect(await codeOf('changeVmPortNetwork', { vmId, networkId: one })).toBe('NETWORK_NOT_FOUND');
      expect(await codeOf('addVmPort', { vmId, networkId: one }, stranger)).toBe('VM_NOT_FOUND');
      expect(await codeOf('removeVmPort', { vmId, portId: one })).toBe('PORT_NOT_FOUND');
    }
    expect(await codeOf('changeVmPortNetwork', { vmId, networkId })).toBe('PORT_EXISTS');
    await bench.snapshot(vmId);
    expect(await codeOf('removeVmPort', { vmId })).toBe('SNAPSHOT_HOLDS_MEMORY');
    await bench.act('saveVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
    expect(await codeOf('addVmPort', { vmId })).toBe('VM_MEMORY_SAVED');
    expect((await around(vmId)).rows).toEqual([`${networkId} ATTACHED`]);
  }, 120_000);

  it('are those of a clone too, and stay behind when the VM goes to another department', async () => {
    const { vmId, networkId } = await withPort();
    await off(vmId);
    const name = `clone-${randomUUID().slice(0, 8)}`;
    const { data } = await bench.say('cloneVm', { vmId, name });
    const { id } = (data?.['cloneVm'] as { vm: { id: string } }).vm;
    await bench.reaches(id, 'STOPPED');
    expect(await around(id)).toEqual({ ...has(first(), networkId), runsWith: null });
    const to = new TransferBench(bench, database);
    expect(await to.ask({ vmId })).toBeNull();
    await to.ended(vmId);
    expect(await around(vmId)).toEqual({ ...has(to.networkId), runsWith: null });
    expect(to.around(vmId)).toEqual(to.there);
  }, 120_000);
});
