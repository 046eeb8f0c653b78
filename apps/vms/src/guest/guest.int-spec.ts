import { randomUUID } from 'node:crypto';
import { DomainError, EventEnvelope, vmGuestConnected, vmGuestSilent, type VmState } from '@infinibay/contracts';
import { newEvent } from '@infinibay/platform-persistence';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';
import { GuestConsumer } from './guest.consumer.js';

const at = (second: number): string => new Date(Date.UTC(2026, 10, 26, 12, 0, second)).toISOString();

describe('what guests tell', () => {
  let bench: VmBench;
  /** It says nothing, so that nobody compares its VMs with what it has. */
  const hostId = randomUUID();
  beforeAll(async () => {
    bench = await VmBench.start();
    const found = await database().host.findFirstOrThrow();
    const { createdAt: _created, hardware: _hardware, tuning: _tuning, ...host } = found;
    await database().host.create({ data: { ...host, id: hostId } });
  }, 120_000);
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  const consumer = () => bench.vms.get(GuestConsumer);

  /** A VM on which no work is due. */
  const vmIn = async (state: VmState): Promise<string> => {
    const id = randomUUID();
    const { departmentId, neighbours } = bench;
    const sizes = { vcpus: 1, memoryMib: 128, diskBytes: 1n << 30n };
    const owner = { departmentId, ownerId: randomUUID(), name: id, activeName: id };
    const desired = state === 'STOPPED' ? 'STOPPED' : 'RUNNING';
    await database().vm.create({
      data: { id, hostId, imageId: neighbours.imageId, ...owner, ...sizes, state, desired },
    });
    return id;
  };

  const envelope = (vmId: string) => ({ departmentId: bench.departmentId, resource: { kind: 'vm', id: vmId } });
  const connected = (vmId: string, second: number, agentVersion = '1.0') => {
    const data = { vmId, agentVersion, connectedAt: at(second) };
    return { ...newEvent(vmGuestConnected, { ...envelope(vmId), data }), data };
  };
  const silent = (vmId: string, second: number) => {
    const data = { vmId, lastHeardAt: at(second) };
    return { ...newEvent(vmGuestSilent, { ...envelope(vmId), data }), data };
  };

  const guestOf = async (id: string) => {
    const { guestReadyAt, agentVersion } = await database().vm.findUniqueOrThrow({ where: { id } });
    return { readyAt: guestReadyAt?.toISOString() ?? null, agentVersion };
  };
  const shown = async (id: string): Promise<unknown> => {
    const { data } = await bench.vms.ask(bench.actor, 'query ($id: ID!) { vm(id: $id) { guestReady guestReadyAt } }', {
      id,
    });
    return data?.['vm'];
  };
  const eventsOf = async (vmId: string): Promise<EventEnvelope[]> => {
    const rows = await database().outboxEvent.findMany({ orderBy: { id: 'asc' } });
    return rows.map(({ payload }) => EventEnvelope.parse(payload)).filter(({ resource }) => resource.id === vmId);
  };
  const told = async (vmId: string): Promise<string[]> => (await eventsOf(vmId)).map(({ name }) => name);

  it('is told once of a guest that is ready, however often and at once the event is delivered', async () => {
    const vmId = await vmIn('RUNNING');
    const event = connected(vmId, 1);
    await Promise.all(Array.from({ length: 4 }, () => consumer().guestConnected(event)));
    expect(await guestOf(vmId)).toEqual({ readyAt: at(1), agentVersion: '1.0' });
    expect(await told(vmId)).toEqual(['vm.guest-ready']);
  });

  it('is told again when the guest connects again', async () => {
    const vmId = await vmIn('RUNNING');
    await consumer().guestConnected(connected(vmId, 1));
    await consumer().guestConnected(connected(vmId, 9, '2.0'));
    expect(await guestOf(vmId)).toEqual({ readyAt: at(9), agentVersion: '2.0' });
    expect(await told(vmId)).toEqual(['vm.guest-ready', 'vm.guest-ready']);
  });

  it('is told in the department that the VM is in now, wherever the collector has known it', async () => {
    const [vmId, departmentId] = [await vmIn('RUNNING'), randomUUID()];
    await database().vm.update({ where: { id: vmId }, data: { departmentId } });
    await consumer().guestConnected(connected(vmId, 1));
    expect(await eventsOf(vmId)).toMatchObject([{ name: 'vm.guest-ready', departmentId }]);
  });

  it.each(['STOPPING', 'PAUSED', 'ERROR'] as const)(
    'is told of one that is %s: its state may come late',
    async (state) => {
      const vmId = await vmIn(state);
      await consumer().guestConnected(connected(vmId, 1));
      expect((await guestOf(vmId)).readyAt).toBe(at(1));
    },
  );

  it('shows nothing of a VM that is off, whose guest may be told of late, and tells nothing of it', async () => {
    const vmId = await vmIn('STOPPED');
    await consumer().guestConnected(connected(vmId, 1));
    expect(await shown(vmId)).toEqual({ guestReady: false, guestReadyAt: null });
    expect(await told(vmId)).toEqual([]);
    await consumer().guestSilent(silent(vmId, 3));
    expect((await guestOf(vmId)).readyAt).toBeNull();
  });

  it('knows whoever was heard last, in whatever order it is told', async () => {
    const vmId = await vmIn('RUNNING');
    await consumer().guestSilent(silent(vmId, 5));
    await consumer().guestConnected(connected(vmId, 1));
    expect((await guestOf(vmId)).readyAt).toBeNull();
    await consumer().guestConnected(connected(vmId, 9, '2.0'));
    await consumer().guestConnected(connected(vmId, 7));
    await consumer().guestSilent(silent(vmId, 8));
    expect(await guestOf(vmId)).toEqual({ readyAt: at(9), agentVersion: '2.0' });
    expect(await told(vmId)).toEqual(['vm.guest-ready']);
  });

  it('forgets a guest that was found off, but not one that spoke since', async () => {
    const [gone, back] = [await bench.running(), await bench.running()];
    for (const vmId of [gone, back]) await consumer().guestConnected(connected(vmId, 1));
    bench.neighbours.disturb = async (name, vmId) => {
      const isFoundOff = name === 'inspect-vm' && bench.neighbours.vm(vmId).power === 'off';
      if (isFoundOff && vmId === back) await consumer().guestConnected(connected(back, 2));
    };
    for (const vmId of [gone, back]) await bench.act('forceOffVm', vmId);
    for (const vmId of [gone, back]) await bench.reaches(vmId, 'STOPPED');
    bench.neighbours.disturb = () => undefined;
    expect([(await guestOf(gone)).readyAt, (await guestOf(back)).readyAt]).toEqual([null, at(2)]);
  });

  it('keeps a guest whose VM could not be brought back to a snapshot: its power was not cut', async () => {
    const vmId = await bench.running();
    const snapshotId = await bench.snapshot(vmId);
    await consumer().guestConnected(connected(vmId, 1));
    bench.neighbours.disturb = (name, id) => {
      if (name === 'force-off-vm' && id === vmId) throw new DomainError('UNSUPPORTED_BY_DRIVER');
    };
    await bench.say('revertVmToSnapshot', { vmId, snapshotId });
    await bench.until(vmId, 'the end', ({ operations }) => operations[0]?.status === 'FAILED');
    bench.neighbours.disturb = () => undefined;
    expect((await guestOf(vmId)).readyAt).toBe(at(1));
  });

  it('forgets a guest that is silent, but not one that was heard after that', async () => {
    const [quiet, back] = [await vmIn('RUNNING'), await vmIn('RUNNING')];
    await consumer().guestConnected(connected(quiet, 1));
    await consumer().guestSilent(silent(quiet, 5));
    await consumer().guestConnected(connected(back, 7));
    await consumer().guestSilent(silent(back, 5));
    expect((await guestOf(quiet)).readyAt).toBeNull();
    expect((await guestOf(back)).readyAt).toBe(at(7));
  });
});
