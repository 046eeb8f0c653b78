import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import type { GraphClient } from '../demo/graph-client.ts';
import { UPTIME } from '../demo/queries.ts';
import { codeOf, connectTo } from './probes.ts';
import type { RunningSystem } from './running-system.ts';
import type { SecondHost } from './second-host.ts';
import type { TwoHosts } from './two-hosts.ts';

interface Sample {
  readonly uptimeSeconds: number;
  readonly sampledAt: string;
}

interface Outcome {
  readonly status: string;
  readonly errorCode: string | null;
}

/** A guest that goes to another host while it runs. */
export const migrationRows = (hosts: () => TwoHosts): void => {
  let { system, second, firstId, admin, research } = {} as TwoHosts;
  let vmId: string;
  let volumeId: string;

  beforeAll(() => {
    ({ system, second, firstId, admin, research, travellerId: vmId } = hosts());
  });

  const hostOf = async (): Promise<string> => {
    const query = 'query ($id: ID!) { vm(id: $id) { host { id } } }';
    return (await admin.ask<{ vm: { host: { id: string } } }>(query, { id: vmId })).vm.host.id;
  };
  const sample = async (): Promise<Sample | null> =>
    (await research.member.ask<{ vm: { metrics: Sample | null } }>(UPTIME, { id: vmId })).vm.metrics;
  const port = async (): Promise<{ readonly mac: string; readonly address: string }> => {
    const query = 'query ($id: ID!) { vm(id: $id) { ports { mac address } } }';
    const { vm } = await research.member.ask<{ vm: { ports: { mac: string; address: string }[] } }>(query, {
      id: vmId,
    });
    return vm.ports[0] ?? { mac: '', address: '' };
  };
  const migrate = async (by: GraphClient, hostId: string | null): Promise<string> => {
    const query = 'mutation ($input: MigrateVmInput!) { migrateVm(input: $input) { operation { id } } }';
    const input = { idempotencyKey: randomUUID(), vmId, hostId };
    return (await by.ask<{ migrateVm: { operation: { id: string } } }>(query, { input })).migrateVm.operation.id;
  };
  const ended = async (id: string): Promise<Outcome> => {
    const query = 'query ($id: ID!) { operation(id: $id) { status errorCode finishedAt } }';
    const outcome = await pollUntil(
      async () => {
        const { operation } = await admin.ask<{ operation: Outcome & { finishedAt: string | null } }>(query, { id });
        return operation.finishedAt === null ? undefined : operation;
      },
      { timeoutMs: 180_000, intervalMs: 200, what: 'the end of the migration' },
    );
    return outcome;
  };
  const disksOn = (host: RunningSystem | SecondHost): string[] =>
    readdirSync(host.layout.diskDir).filter((name) => name.endsWith('.qcow2'));
  const volumeOn = (host: RunningSystem | SecondHost): string =>
    path.join(host.layout.diskDir, `volume-${volumeId}.qcow2`);
  const guestsOn = async (host: RunningSystem | SecondHost): Promise<string> =>
    (await host.virsh('list', '--all', '--uuid')).trim();

  it('let administrators alone move a VM, and not to where it is', async () => {
    expect(await codeOf(migrate(research.member, second.id))).toBe('FORBIDDEN');
    expect(await codeOf(migrate(admin, firstId))).toBe('VM_NOT_MIGRATABLE');
    expect(await codeOf(migrate(admin, randomUUID()))).toBe('HOST_NOT_FOUND');
  });

  it('give the guest a volume, which is on its own host', async () => {
    volumeId = await research.createVolume('luggage', vmId);
    execFileSync('qemu-io', ['-c', 'write -P 7 500M 4M', volumeOn(system)]);
    await research.moveVolume('attachVolume', vmId, volumeId, 'ATTACHED');
    expect(disksOn(system)).toHaveLength(2);
  });

  it('leave a guest where it is when that is cancelled while its memory is on its way', async () => {
    // Slowly enough to be met: MiB a second.
    await system.virsh('migrate-setspeed', vmId, '1');
    const id = await migrate(admin, null);
    const progress = 'query ($id: ID!) { operation(id: $id) { progressPercent isCancellable } }';
    const isUnderWay = async () => {
      const { operation } = await admin.ask<{ operation: { progressPercent: number; isCancellable: boolean } }>(
        progress,
        { id },
      );
      expect(operation.isCancellable).toBe(true);
      return operation.progressPercent > 0 && (await guestsOn(second)) === vmId;
    };
    await pollUntil(isUnderWay, { timeoutMs: 120_000, intervalMs: 200, what: 'the migration under way' });
    const cancel = (by: GraphClient): Promise<unknown> =>
      by.ask('mutation ($input: CancelOperationInput!) { cancelOperation(input: $input) { id } }', {
        input: { idempotencyKey: randomUUID(), operationId: id },
      });
    expect(await codeOf(cancel(research.member))).toBe('FORBIDDEN');
    await cancel(admin);
    expect(await ended(id)).toMatchObject({ status: 'FAILED', errorCode: 'OPERATION_CANCELLED' });
    expect(await codeOf(cancel(admin))).toBe('OPERATION_NOT_CANCELLABLE');
    expect(await hostOf()).toBe(firstId);
    expect((await system.virsh('domstate', vmId)).trim()).toBe('running');
    const isGone = async () => (await guestsOn(second)) === '' && disksOn(second).length === 0;
    await pollUntil(isGone, { timeoutMs: 60_000, what: 'the end of what had come' });
    await system.virsh('migrate-setspeed', vmId, '1048576');
  });

  it('move a guest that runs on: it has not booted since, and is where it was in the network', async () => {
    const before = await port();
    const isUp = async () => ((await sample())?.uptimeSeconds ?? 0) > 5;
    await pollUntil(isUp, { timeoutMs: 120_000, intervalMs: 500, what: 'some uptime' });
    const asked = Date.now();
    expect(await ended(await migrate(admin, null))).toMatchObject({ status: 'SUCCEEDED', errorCode: null });
    const arrived = Date.now();
    expect(await hostOf()).toBe(second.id);
    expect((await second.virsh('domstate', vmId)).trim()).toBe('running');
    await research.reaches(vmId, 'RUNNING');
    // What the guest itself says, at its new host.
    const told = await pollUntil(
      async () => {
        const latest = await sample();
        return latest !== null && Date.parse(latest.sampledAt) > arrived ? latest : undefined;
      },
      { timeoutMs: 120_000, intervalMs: 500, what: 'a sample from the new host' },
    );
    expect(Date.parse(told.sampledAt) - told.uptimeSeconds * 1_000).toBeLessThan(asked);
    expect(await port()).toEqual(before);
    await pollUntil(async () => (await connectTo(second, before.address, 22)) === 'accepted', {
      timeoutMs: 60_000,
      what: 'the guest at its address, on the other host',
    });
    expect(await connectTo(second, before.address, 8080)).toBe('dropped');
    expect(await second.virsh('domblklist', vmId)).toContain(volumeOn(second));
  });

  it('leave nothing of it where it was', async () => {
    const isGone = async () => (await guestsOn(system)) === '' && disksOn(system).length === 0;
    await pollUntil(isGone, { timeoutMs: 60_000, what: 'the end of what was left' });
    expect((await system.virsh('nwfilter-list')).includes(vmId)).toBe(false);
    expect(disksOn(second)).toHaveLength(2);
  });

  it('tell why a guest can not go to a host that takes none, and it runs on', async () => {
    const isReady = async () => {
      const code = await codeOf(migrate(admin, firstId).then(ended));
      expect(['VM_BUSY', 'no error']).toContain(code);
      return code === 'no error';
    };
    // The host that it left may still be cleaned of it.
    await pollUntil(isReady, { timeoutMs: 60_000, what: 'a VM that can be moved again' });
    const query = 'query ($id: ID!) { vm(id: $id) { operations(first: 1) { status errorCode } } }';
    const { vm } = await admin.ask<{ vm: { operations: Outcome[] } }>(query, { id: vmId });
    expect(vm.operations[0]).toEqual({ status: 'FAILED', errorCode: 'VM_NOT_MIGRATABLE' });
    await research.reaches(vmId, 'RUNNING');
    expect(await hostOf()).toBe(second.id);
    expect((await second.virsh('domstate', vmId)).trim()).toBe('running');
  });

  it('let it be restarted and deleted where it is, with nothing left on either', async () => {
    await research.ended(vmId, 'forceOffVm');
    await research.ended(vmId, 'startVm');
    await research.guestReady(vmId);
    await research.moveVolume('detachVolume', vmId, volumeId, null);
    const read = execFileSync('qemu-io', ['-c', 'read -P 7 500M 4M', volumeOn(second)], { encoding: 'utf8' });
    expect(read).not.toContain('failed');
    await research.deleteVm(vmId);
    expect([disksOn(system), disksOn(second)]).toEqual([[], [path.basename(volumeOn(second))]]);
    await research.deleteVolume(volumeId);
    expect([await guestsOn(system), await guestsOn(second)]).toEqual(['', '']);
    expect([disksOn(system), disksOn(second)]).toEqual([[], []]);
  });
};
