import { randomUUID } from 'node:crypto';
import { DEFAULT_POOL, DomainError } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { SimulatedMigrations } from '../testing/simulated-migrations.js';
import { VmBench, type VmView } from '../testing/vm-bench.js';
import { admin } from '../testing/vms-under-test.js';

const MIGRATE = `mutation ($input: MigrateVmInput!) { migrateVm(input: $input) { vm { id } operation { id isCancellable } } }`;
const CANCEL = `mutation ($input: CancelOperationInput!) { cancelOperation(input: $input) { id status } }`;
const MAINTAIN = `mutation ($input: SetHostMaintenanceInput!) { setHostMaintenance(input: $input) { id } }`;
const MANY = 1_000;

describe('a VM that is moved to another host', () => {
  const administrator = admin();
  let bench: VmBench;
  let hosts: SimulatedMigrations;
  beforeAll(async () => {
    bench = await VmBench.start();
    hosts = await SimulatedMigrations.start(bench.neighbours);
    await pollUntil(() => database().host.findUnique({ where: { id: hosts.hostId }, include: { images: true } }), {
      what: 'the second host',
      timeoutMs: 60_000,
    });
  }, 120_000);
  afterEach(() => {
    hosts.looksUntilLeft = 0;
    hosts.refusal = null;
    hosts.disturb = () => undefined;
    bench.neighbours.disturb = () => undefined;
    hosts.calls.length = 0;
    bench.neighbours.calls.length = 0;
    expect(hosts.ranTwice).toEqual([]);
  });
  afterAll(async () => {
    await hosts.stop();
    await bench.stop();
  });
  const database = () => bench.vms.get(PrismaClient);

  const ask = async (vmId: string, hostId: string | null = hosts.hostId, by = administrator) => {
    const input = { idempotencyKey: randomUUID(), vmId, hostId };
    const { data, errors } = await bench.vms.ask(by, MIGRATE, { input });
    const answer = data?.['migrateVm'] as { operation: { id: string; isCancellable: boolean } } | null | undefined;
    return { operation: answer?.operation, refusal: errors?.[0]?.extensions };
  };
  const cancel = async (operationId = '', by = administrator) =>
    (await bench.vms.ask(by, CANCEL, { input: { idempotencyKey: randomUUID(), operationId } })).errors?.[0]?.extensions
      .code;
  /** The end of its migration, with nothing left to be done. */
  const ended = (vmId: string) =>
    pollUntil(
      async () => {
        const vm = await bench.view(vmId);
        const migration = await database().vmMigration.findUnique({ where: { vmId } });
        const [operation] = vm?.operations.filter(({ kind }) => kind === 'MIGRATE_VM') ?? [];
        const isOver = operation !== undefined && !['PENDING', 'RUNNING'].includes(operation.status);
        return vm !== undefined && isOver && migration === null ? { vm, operation } : null;
      },
      { what: 'the end of the migration', timeoutMs: 60_000 },
    );
  const hostOf = async (vmId: string) => (await database().vm.findUniqueOrThrow({ where: { id: vmId } })).hostId;
  const phaseIs = (vmId: string, phase: string) =>
    pollUntil(async () => (await database().vmMigration.findUnique({ where: { vmId } }))?.phase === phase, {
      what: phase,
      timeoutMs: 60_000,
    });
  /** A VM that runs; what is asked of its host after this is asked for the migration. */
  const running = async (): Promise<string> => {
    const vmId = await bench.running();
    bench.neighbours.calls.length = 0;
    return vmId;
  };
  /** One that runs, with a volume. @returns the ids of both */
  const withVolume = async (): Promise<readonly [string, string]> => {
    const vmId = await running();
    const volumeId = await bench.volume();
    await bench.attach(vmId, volumeId);
    return [vmId, volumeId];
  };
  const volumeAt = async (id: string): Promise<readonly [string, string]> => {
    const { hostId, pool } = await database().volume.findUniqueOrThrow({ where: { id }, include: { pool: true } });
    expect(pool.hostId).toBe(hostId);
    return [hostId, pool.name];
  };
  const stopped = async (said: Record<string, unknown> = {}): Promise<string> => {
    const vmId = await bench.running(said);
    await bench.act('forceOffVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
    return vmId;
  };

  it('runs on there, behind its filter, and nothing of it is left where it was', async () => {
    const vmId = await running();
    const { operation } = await ask(vmId);
    expect(operation?.isCancellable).toBe(true);
    const { vm, operation: end } = await ended(vmId);
    expect([vm.state, end.status, await hostOf(vmId)]).toEqual(['RUNNING', 'SUCCEEDED', hosts.hostId]);
    expect(hosts.of(vmId)).toEqual([null, false, 'running', true]);
    expect(hosts.calls).toEqual([
      'prepare-vm-host',
      'prepare-vm-host',
      'prepare-migration@target',
      'migrate-vm@source',
      'finish-migration@target',
      'end-migration@source',
      'release-vm-host',
    ]);
    // Nothing else was asked of either host; port and filter follow before it runs on.
    expect(bench.neighbours.calls).toEqual(['attach-vm', 'protect-vm']);
    expect((await bench.told(vmId)).filter((fact) => fact === 'migrated')).toHaveLength(1);
    await bench.act('deleteVm', vmId);
    await bench.isGone(vmId);
    expect(hosts.of(vmId)).toEqual([null, false, null, false]);
  });

  it('is off there when it was off, on the host that the scheduler chose', async () => {
    const vmId = await stopped();
    await ask(vmId, null);
    const { vm, operation } = await ended(vmId);
    expect([vm.state, operation.status, await hostOf(vmId)]).toEqual(['STOPPED', 'SUCCEEDED', hosts.hostId]);
    expect(hosts.of(vmId)).toEqual([null, false, 'off', true]);
  });

  it('is moved by administrators alone, to another host that there is', async () => {
    const vmId = await bench.running();
    expect((await ask(vmId, hosts.hostId, bench.actor)).refusal?.code).toBe('FORBIDDEN');
    expect((await ask(vmId, randomUUID())).refusal?.code).toBe('HOST_NOT_FOUND');
    const here = (await ask(vmId, bench.neighbours.hostId)).refusal;
    expect([here?.code, here?.details['reason']]).toEqual(['VM_NOT_MIGRATABLE', 'SAME_HOST']);
    expect(await database().vmMigration.count({ where: { vmId } })).toBe(0);
    expect(hosts.calls).toEqual([]);
  });

  it('takes what its UEFI and its TPM keep along, in words that agents from before do not know, with UEFI while it runs', async () => {
    // The further host tells nothing of it by itself.
    const [from, to] = [bench.neighbours.hostId, hosts.hostId];
    await pollUntil(
      async () => {
        bench.report();
        return database()
          .$executeRaw`UPDATE hosts SET hardware = had.hardware FROM (SELECT hardware FROM hosts WHERE id = ${from}::uuid) AS had WHERE id = ${to}::uuid AND had.hardware IS NOT NULL`;
      },
      { what: 'a host that tells of firmware', timeoutMs: 60_000 },
    );
    const uefi = { firmware: 'UEFI', machine: 'Q35', tpm: true };
    const words = ['prepare-migration-with-volumes@target', 'migrate-vm-with-volumes@source'];
    const [running, withUefi, withTpm] = [
      await bench.running({ hardware: uefi }),
      await stopped({ hardware: uefi }),
      await stopped({ hardware: { tpm: true } }),
    ];
    for (const vmId of [running, withTpm]) {
      hosts.calls.length = 0;
      await ask(vmId);
      expect((await ended(vmId)).operation.status).toBe('SUCCEEDED');
      expect(await hostOf(vmId)).toBe(hosts.hostId);
      expect(hosts.calls.filter((call) => /^(?:prepare-migration|migrate)/u.test(call))).toEqual(words);
    }
    // One that shall be off by then runs on first, which writes its variables, and is switched off as any other.
    const overtaken = await bench.running({ hardware: uefi });
    hosts.calls.length = 0;
    hosts.disturb = async (call, vmId) => {
      if (call !== 'migrate-vm-with-volumes@source') return;
      await database().vm.update({ where: { id: vmId }, data: { desired: 'FORCED_OFF' } });
    };
    await ask(overtaken);
    await bench.reaches(overtaken, 'STOPPED');
    expect(hosts.calls.filter((call) => /^(?:finish|force)/u.test(call))).toEqual([
      'finish-migration@target',
      'force-off-vm@target',
    ]);
    const refused = (await ask(withUefi)).refusal;
    expect([refused?.code, refused?.details['reason']]).toEqual(['VM_NOT_MIGRATABLE', 'FIRMWARE_STATE']);
  }, 120_000);

  it('takes its volumes along, which are in a pool of the other host from then on', async () => {
    const [vmId, volumeId] = await withVolume();
    hosts.looksUntilLeft = MANY;
    await ask(vmId);
    await phaseIs(vmId, 'MOVING');
    expect(await volumeAt(volumeId)).toEqual([bench.neighbours.hostId, DEFAULT_POOL]);
    // What is copied stays as it was found.
    for (const [name, more] of [
      ['resizeVolume', { capacityGib: 2 }],
      ['moveVolume', { poolId: await bench.pool() }],
      ['deleteVolume', {}],
    ] as const) {
      const { errors } = await bench.ofVolume(name, { volumeId, ...more });
      expect(errors?.[0]?.extensions.code).toBe(name === 'deleteVolume' ? 'VOLUME_IN_USE' : 'VOLUME_BUSY');
    }
    const { errors } = await bench.move('detachVolume', vmId, volumeId);
    expect(errors?.[0]?.extensions.code).toBe('VM_BUSY');
    hosts.looksUntilLeft = 0;
    const { vm, operation } = await ended(vmId);
    expect([vm.state, operation.status, await hostOf(vmId)]).toEqual(['RUNNING', 'SUCCEEDED', hosts.hostId]);
    expect(await volumeAt(volumeId)).toEqual([hosts.hostId, 'fast']);
    expect(await database().volume.findUniqueOrThrow({ where: { id: volumeId } })).toMatchObject({
      state: 'AVAILABLE',
      attachment: 'ATTACHED',
      attachedVmId: vmId,
    });
  });

  it('stays with its volumes where it is when that is taken back', async () => {
    const [vmId, volumeId] = await withVolume();
    hosts.looksUntilLeft = MANY;
    const { operation } = await ask(vmId);
    await phaseIs(vmId, 'MOVING');
    await cancel(operation?.id);
    const { vm, operation: end } = await ended(vmId);
    expect([vm.state, end.errorCode]).toEqual(['RUNNING', 'OPERATION_CANCELLED']);
    expect(await volumeAt(volumeId)).toEqual([bench.neighbours.hostId, DEFAULT_POOL]);
    expect(hosts.of(vmId)).toEqual(['running', true, null, false]);
  });

  it('leaves with no other volumes than it shall have', async () => {
    for (const isAtHost of [true, false]) {
      const [vmId, volumeId] = await withVolume();
      const { definitions } = bench.neighbours.volumes;
      // One that it has of nobody's asking, or has not although it was asked for.
      if (isAtHost) definitions.add(`${vmId}/${randomUUID()}/vdz`);
      else definitions.delete(`${vmId}/${volumeId}/vdb`);
      await ask(vmId);
      const { vm, operation } = await ended(vmId);
      expect([vm.state, operation.errorCode]).toEqual(['RUNNING', 'VM_NOT_MIGRATABLE']);
      expect(await volumeAt(volumeId)).toEqual([bench.neighbours.hostId, DEFAULT_POOL]);
      expect(hosts.calls).not.toContain('prepare-migration-with-volumes@target');
    }
  });

  it.each(['ARRIVED', 'CLEANING'] as const)(
    'has its volumes where it is also when an instance of before, which knows of none, had it until it was %s',
    async (phase) => {
      const [vmId, volumeId] = await withVolume();
      const held = phase === 'ARRIVED' ? 'finish-migration@target' : 'end-migration@source';
      let isLetGo = false;
      hosts.disturb = (call) => {
        if (call === held && !isLetGo) throw new DomainError('HOST_UNAVAILABLE');
      };
      await ask(vmId);
      await phaseIs(vmId, phase);
      const here = { hostId: bench.neighbours.hostId, poolId: await bench.pool(DEFAULT_POOL) };
      await database().volume.update({ where: { id: volumeId }, data: here });
      isLetGo = true;
      await ended(vmId);
      expect(await volumeAt(volumeId)).toEqual([hosts.hostId, 'fast']);
    },
  );

  it('leaves a volume in the pool of the other host that somebody has moved it to since', async () => {
    const [vmId, volumeId] = await withVolume();
    let isLetGo = false;
    hosts.disturb = (call) => {
      if (call === 'end-migration@source' && !isLetGo) throw new DomainError('HOST_UNAVAILABLE');
    };
    await ask(vmId);
    await phaseIs(vmId, 'CLEANING');
    const { hostId } = hosts;
    const facts = { kind: 'dir', capacityBytes: 1n, availableBytes: 1n, observedAt: new Date(0) };
    const { id: poolId } = await database().storagePool.create({
      data: { id: randomUUID(), hostId, name: 'slow', ...facts },
    });
    await database().volume.update({ where: { id: volumeId }, data: { poolId } });
    isLetGo = true;
    await ended(vmId);
    expect(await volumeAt(volumeId)).toEqual([hostId, 'slow']);
  });

  it('is not moved while a volume of it comes, goes or grows', async () => {
    const [vmId, volumeId] = await withVolume();
    for (const change of [{ attachment: 'DETACHING' }, { state: 'RESIZING', attachment: 'ATTACHED' }] as const) {
      await database().volume.update({ where: { id: volumeId }, data: change });
      expect((await ask(vmId)).refusal?.code).toBe('VOLUME_BUSY');
    }
    await database().volume.update({ where: { id: volumeId }, data: { state: 'AVAILABLE' } });
    await ask(vmId);
    expect((await ended(vmId)).operation.status).toBe('SUCCEEDED');
  });

  it('stays where it is when somebody cancels that, who asked for it or is an administrator', async () => {
    hosts.looksUntilLeft = MANY;
    const vmId = await running();
    const { operation } = await ask(vmId);
    await phaseIs(vmId, 'MOVING');
    expect(await cancel(operation?.id, bench.actor)).toBe('FORBIDDEN');
    expect(await cancel(operation?.id)).toBeUndefined();
    const { vm, operation: end } = await ended(vmId);
    expect([vm.state, end.status, end.errorCode]).toEqual(['RUNNING', 'FAILED', 'OPERATION_CANCELLED']);
    expect([await hostOf(vmId), hosts.of(vmId)]).toEqual([bench.neighbours.hostId, ['running', true, null, false]]);
    expect(await cancel(operation?.id)).toBe('OPERATION_NOT_CANCELLABLE');
    expect(bench.neighbours.calls).not.toContain('start-vm');
  });

  it('is there when who cancelled it came too late', async () => {
    hosts.looksUntilLeft = MANY;
    const vmId = await running();
    const { operation } = await ask(vmId);
    await phaseIs(vmId, 'MOVING');
    // Its worker is kept from hearing that it has left until somebody has cancelled it.
    hosts.disturb = (call) => {
      if (call === 'migrate-vm@source') throw new DomainError('HOST_UNAVAILABLE');
    };
    hosts.leave(vmId);
    expect(await cancel(operation?.id)).toBeUndefined();
    const { vm, operation: end } = await ended(vmId);
    expect([vm.state, end.status, await hostOf(vmId)]).toEqual(['RUNNING', 'SUCCEEDED', hosts.hostId]);
    expect(hosts.of(vmId)).toEqual([null, false, 'running', true]);
  });

  it('goes on where it was when it can not be moved', async () => {
    hosts.refusal = 'MIGRATION_FAILED';
    const vmId = await running();
    await ask(vmId);
    const { vm, operation } = await ended(vmId);
    expect([vm.state, vm.error, operation.status]).toEqual(['RUNNING', null, 'FAILED']);
    expect([operation.errorCode, await hostOf(vmId)]).toEqual(['MIGRATION_FAILED', bench.neighbours.hostId]);
    expect(hosts.of(vmId)).toEqual(['running', true, null, false]);
    expect(bench.neighbours.calls).not.toContain('start-vm');
  });

  it('is asked for nothing that depends on where it is, before that is certain', async () => {
    hosts.refusal = 'MIGRATION_FAILED';
    hosts.disturb = (call) => {
      if (call === 'abort-migration@source') throw new DomainError('HOST_UNAVAILABLE');
    };
    const vmId = await running();
    await ask(vmId);
    await bench.until(vmId, 'the failure', ({ operations: [last] }) => last?.status === 'FAILED');
    const { errors } = await bench.say('resizeVm', { vmId, vcpus: 2, memoryMib: 128 });
    expect(errors?.[0]?.extensions.code).toBe('VM_BUSY');
    hosts.disturb = () => undefined;
    await ended(vmId);
  });

  it('stays where it is when the other host is put into maintenance on the way', async () => {
    hosts.looksUntilLeft = MANY;
    const vmId = await running();
    await ask(vmId);
    await phaseIs(vmId, 'MOVING');
    const maintain = (maintenance: boolean) => {
      const input = { idempotencyKey: randomUUID(), hostId: hosts.hostId, maintenance };
      return bench.vms.ask(administrator, MAINTAIN, { input });
    };
    expect((await maintain(true)).errors).toBeUndefined();
    const { vm, operation } = await ended(vmId);
    await maintain(false);
    expect([vm.state, operation.status, operation.errorCode]).toEqual(['RUNNING', 'FAILED', 'HOST_IN_MAINTENANCE']);
    expect(hosts.of(vmId)).toEqual(['running', true, null, false]);
  });

  it('is not started where it was when the other host is away after it has left', async () => {
    const vmId = await running();
    let refusals = 0;
    hosts.disturb = (call) => {
      if (call !== 'finish-migration@target' || refusals === 3) return;
      refusals += 1;
      throw new DomainError('HOST_UNAVAILABLE');
    };
    await ask(vmId);
    const { vm, operation } = await ended(vmId);
    expect([refusals, vm.state, operation.status]).toEqual([3, 'RUNNING', 'SUCCEEDED']);
    expect(hosts.of(vmId)).toEqual([null, false, 'running', true]);
    expect(bench.neighbours.calls.filter((call) => !['attach-vm', 'protect-vm'].includes(call))).toEqual([]);
  });

  it('is deleted on the way, from both hosts', async () => {
    hosts.looksUntilLeft = MANY;
    const vmId = await running();
    await ask(vmId);
    await phaseIs(vmId, 'MOVING');
    await bench.act('deleteVm', vmId);
    await bench.isGone(vmId);
    expect(hosts.of(vmId)).toEqual([null, false, null, false]);
    expect(hosts.calls).toContain('abort-migration@source');
  });

  it('is in error, and started nowhere, when neither host has it', async () => {
    const vmId = await running();
    hosts.vanish.add(vmId);
    await ask(vmId);
    const inError = ({ state }: VmView): boolean => state === 'ERROR';
    const { error } = await bench.until(vmId, 'the error', inError);
    expect(error?.code).toBe('MIGRATION_UNCLEAR');
    expect(hosts.of(vmId)).toEqual([null, true, null, true]);
    expect(bench.neighbours.calls).toEqual([]);
    // Somebody has found it, and has defined it where it was.
    bench.neighbours.vm(vmId).power = 'off';
    await bench.act('startVm', vmId);
    await bench.reaches(vmId, 'RUNNING');
    await ended(vmId);
    expect(hosts.of(vmId)).toEqual(['running', true, null, false]);
  });
});
