import { randomUUID } from 'node:crypto';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';
import { memberOf } from '../testing/vms-under-test.js';

const CANCEL = `mutation ($input: CancelOperationInput!) { cancelOperation(input: $input) { id } }`;

describe('a volume', () => {
  let bench: VmBench;
  let home: string;
  let fast: string;
  beforeAll(async () => {
    bench = await VmBench.start();
    home = await bench.pool('default');
    fast = await bench.pool('fast');
  }, 120_000);
  afterEach(() => {
    host().copiedPercent = 100;
    host().movesJustBefore = false;
    host().refusal = null;
    host().calls.length = 0;
  });
  afterAll(() => bench.stop());

  const host = () => bench.neighbours.volumes;
  const database = () => bench.vms.get(PrismaClient);
  const made = (): Promise<string> => bench.volume({ poolId: home });
  const refusal = async (name: string, input: Record<string, unknown>, actor = bench.actor) =>
    (await bench.ofVolume(name, input, actor)).errors?.[0]?.extensions.code;
  /** @returns the id of its operation */
  const asked = async (name: string, input: Record<string, unknown>): Promise<string> => {
    const { data, errors } = await bench.ofVolume(name, input);
    expect(errors).toBeUndefined();
    return (data?.[name] as { operation: { id: string } }).operation.id;
  };
  const operationOf = (id: string) => database().operation.findUniqueOrThrow({ where: { id } });
  const ended = (id: string) =>
    pollUntil(
      async () => {
        const operation = await operationOf(id);
        return operation.finishedAt === null ? null : operation;
      },
      { what: 'the end of the operation', timeoutMs: 60_000 },
    );
  const copied = (id: string, percent: number) =>
    pollUntil(async () => (await operationOf(id)).progressPercent === percent, {
      what: `${String(percent)} %`,
      timeoutMs: 60_000,
    });
  const cancel = async (operationId: string) =>
    (await bench.vms.ask(bench.actor, CANCEL, { input: { idempotencyKey: randomUUID(), operationId } })).errors?.[0]
      ?.extensions.code;

  it('is made in the pool that is named, moves to another, and tells how far it is', async () => {
    const volumeId = await bench.volume({ poolId: fast });
    expect(host().files.get(volumeId)).toMatchObject({ poolName: 'fast', timesMade: 1 });
    host().copiedPercent = 40;
    const id = await asked('moveVolume', { volumeId, poolId: home });
    await copied(id, 40);
    expect(await bench.volumeView(volumeId)).toMatchObject({ state: 'MOVING', pool: { id: fast } });
    expect(await refusal('resizeVolume', { volumeId, capacityGib: 2 })).toBe('VOLUME_BUSY');
    expect(await refusal('deleteVolume', { volumeId })).toBe('VOLUME_BUSY');
    host().copiedPercent = 100;
    expect(await ended(id)).toMatchObject({ kind: 'MOVE_VOLUME', status: 'SUCCEEDED' });
    expect(await bench.volumeView(volumeId)).toMatchObject({ state: 'AVAILABLE', pool: { id: home } });
    expect(host().files.get(volumeId)).toMatchObject({ poolName: 'default', timesMade: 1, timesMoved: 1 });
  });

  it('moves under the guest that has it, and not while that is off', async () => {
    const [vmId, volumeId] = [await bench.running(), await made()];
    await bench.attach(vmId, volumeId);
    expect(await ended(await asked('moveVolume', { volumeId, poolId: fast }))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await bench.volumeView(volumeId)).toMatchObject({ attachment: 'ATTACHED', pool: { id: fast } });
    await bench.act('forceOffVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
    expect(await refusal('moveVolume', { volumeId, poolId: home })).toBe('VOLUME_BUSY');
  });

  it.each<[string, boolean, string, string | null, string]>([
    ['is where it was when its move is taken back', false, 'FAILED', 'OPERATION_CANCELLED', 'default'],
    ['is where it was to be when that was too late', true, 'SUCCEEDED', null, 'fast'],
  ])('%s', async (_, movesJustBefore, status, errorCode, poolName) => {
    const volumeId = await made();
    host().copiedPercent = 10;
    const id = await asked('moveVolume', { volumeId, poolId: fast });
    await copied(id, 10);
    host().movesJustBefore = movesJustBefore;
    expect(await cancel(id)).toBeUndefined();
    expect(await ended(id)).toMatchObject({ status, errorCode });
    expect(await bench.volumeView(volumeId)).toMatchObject({ state: 'AVAILABLE', pool: { name: poolName } });
    expect(host().files.get(volumeId)).toMatchObject({ poolName });
    expect(await cancel(id)).toBe('OPERATION_NOT_CANCELLABLE');
  });

  it('is not given up before its host has said that the copy has ended', async () => {
    const volumeId = await made();
    host().refusals.set(volumeId, 'POOL_FULL');
    const id = await asked('moveVolume', { volumeId, poolId: fast });
    // The copy can't be ended either: until it is, nothing is said.
    await pollUntil(() => host().calls.includes('abort-volume-move'), { what: 'the end of the copy' });
    host().refusals.delete(volumeId);
    host().copiedPercent = 10;
    await copied(id, 10);
    expect(await cancel(id)).toBeUndefined();
    expect(await ended(id)).toMatchObject({ status: 'FAILED' });
    expect(await bench.volumeView(volumeId)).toMatchObject({ state: 'AVAILABLE', pool: { id: home }, error: null });
  });

  it('does not go to where it is, to one of another host, or at the word of another department', async () => {
    const volumeId = await made();
    const observed = { kind: 'dir', capacityBytes: 1n, availableBytes: 1n, observedAt: new Date() };
    const pool = { id: randomUUID(), hostId: randomUUID(), name: 'far', ...observed };
    await database().storagePool.create({ data: pool });
    expect(await refusal('moveVolume', { volumeId, poolId: home })).toBe('VOLUME_BUSY');
    for (const poolId of [randomUUID(), 'none', pool.id]) {
      expect(await refusal('moveVolume', { volumeId, poolId })).toBe('POOL_NOT_FOUND');
    }
    const stranger = memberOf(randomUUID());
    expect(await refusal('moveVolume', { volumeId, poolId: fast }, stranger)).toBe('VOLUME_NOT_FOUND');
    expect(await refusal('cloneVolume', { volumeId, name: 'theirs' }, stranger)).toBe('VOLUME_NOT_FOUND');
    expect(host().calls).not.toContain('move-volume');
    await database().storagePool.delete({ where: { id: pool.id } });
  });

  it('is cloned once while nobody has it, and stays as it is until that is done', async () => {
    const [vmId, volumeId] = [await bench.running(), await made()];
    const name = `clone ${randomUUID()}`;
    host().copiedPercent = 30;
    const id = await asked('cloneVolume', { volumeId, name, poolId: fast });
    await copied(id, 30);
    for (const [mutation, more] of [
      ['moveVolume', { poolId: fast }],
      ['deleteVolume', {}],
    ] as const)
      expect(await refusal(mutation, { volumeId, ...more })).toBe('VOLUME_BUSY');
    expect((await bench.move('attachVolume', vmId, volumeId)).errors?.[0]?.extensions.code).toBe('VOLUME_BUSY');
    host().copiedPercent = 100;
    const { resourceId } = await ended(id);
    expect(await bench.volumeView(resourceId)).toMatchObject({ state: 'AVAILABLE', pool: { id: fast } });
    expect(host().files.get(resourceId)).toMatchObject({ timesMade: 1, poolName: 'fast' });
    expect(await refusal('cloneVolume', { volumeId, name })).toBe('NAME_TAKEN');
    await bench.attach(vmId, volumeId);
    expect(await refusal('cloneVolume', { volumeId, name: `clone ${randomUUID()}` })).toBe('VOLUME_IN_USE');
  });
});
