import { randomUUID } from 'node:crypto';
import { DomainError } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';

describe('shutdownVm with a time-out', () => {
  let bench: VmBench;
  beforeAll(async () => {
    // Nothing here waits for it: the requests say how long.
    bench = await VmBench.start({ SHUTDOWN_GRACE_SECONDS: '3600', RETRY_LIMIT_SECONDS: '10' });
  }, 120_000);
  afterAll(() => bench.stop());

  const guest = (id: string) => bench.neighbours.vm(id);
  const stepsOf = (id: string) =>
    bench.vms.get(PrismaClient).operationStep.findMany({
      where: { operation: { resourceId: id, kind: 'SHUTDOWN_VM' } },
      orderBy: { position: 'asc' },
    });
  const ends = (id: string, status: string) =>
    bench.until(id, `SHUTDOWN_VM ${status}`, ({ operations }) => operations[0]?.status === status);
  /** As if all of it had been asked for so long ago: the newest stays the newest. */
  const askedFor = (id: string, agoMs: number) =>
    bench.vms.get(PrismaClient).operation.updateMany({
      where: { resourceId: id },
      data: { createdAt: new Date(Date.now() - agoMs) },
    });
  const codes = (answer: Awaited<ReturnType<VmBench['act']>>) =>
    answer.errors?.map(({ extensions }) => extensions.code);

  it('cuts the power of a guest that is not off in time, when that was asked for', async () => {
    const id = await bench.running();
    bench.neighbours.calls.length = 0;
    await bench.actWith('shutdownVm', id, 'timeoutSeconds: 600, force: true');
    await bench.until(id, 'the power button', () => guest(id).power === 'shutting-down');
    await askedFor(id, 700_000);
    bench.neighbours.powerChange(id, 'shutting-down', 'unknown');
    expect(await ends(id, 'SUCCEEDED')).toMatchObject({ operations: [{ errorCode: null }, {}] });
    await bench.reaches(id, 'STOPPED');
    expect(guest(id)).toMatchObject({ power: 'off', reason: 'destroyed' });
    expect(bench.neighbours.calls.filter((name) => name.endsWith('-vm') && name !== 'inspect-vm')).toEqual([
      'shutdown-vm',
      'force-off-vm',
    ]);
    expect((await stepsOf(id)).map(({ name, status }) => [name, status])).toEqual([
      ['shutdown', 'SUCCEEDED'],
      ['force-off', 'SUCCEEDED'],
    ]);
  });

  it('does not cut the power of one that goes off by itself', async () => {
    const id = await bench.running();
    await bench.actWith('shutdownVm', id, 'timeoutSeconds: 600, force: true');
    await bench.until(id, 'the power button', () => guest(id).power === 'shutting-down');
    bench.neighbours.powerChange(id, 'off', 'shutdown');
    await ends(id, 'SUCCEEDED');
    expect(guest(id)).toMatchObject({ power: 'off', reason: 'shutdown' });
    expect((await stepsOf(id)).map(({ name, status }) => [name, status])).toEqual([
      ['shutdown', 'SUCCEEDED'],
      ['force-off', 'SKIPPED'],
    ]);
  });

  it.each(['timeoutSeconds: 1', 'timeoutSeconds: 1, force: false', 'timeoutSeconds: 1, force: null'])(
    'fails without force, and the VM runs on: %s',
    async (options) => {
      const id = await bench.running();
      await bench.actWith('shutdownVm', id, options);
      expect(await ends(id, 'FAILED')).toMatchObject({ operations: [{ errorCode: 'DEADLINE_EXCEEDED' }, {}] });
      expect(await bench.view(id)).toMatchObject({ state: 'RUNNING', error: null });
      expect(guest(id).power).toBe('shutting-down');
      expect((await stepsOf(id)).map(({ name }) => name)).toEqual(['shutdown']);
    },
  );

  it('cuts the power of a guest whose emulator takes no request, and of one that stands still', async () => {
    const [hung, still] = [await bench.running(), await bench.running()];
    bench.neighbours.disturb = (name, vmId) => {
      if (name === 'shutdown-vm' && vmId === hung) throw new DomainError('VM_UNRESPONSIVE');
    };
    guest(still).stuck = true;
    bench.neighbours.powerChange(still, 'paused', 'io-error');
    await bench.reaches(still, 'PAUSED');
    for (const id of [hung, still]) await bench.actWith('shutdownVm', id, 'timeoutSeconds: 1, force: true');
    for (const id of [hung, still]) await bench.reaches(id, 'STOPPED');
    bench.neighbours.disturb = () => undefined;
    for (const id of [hung, still]) expect(guest(id)).toMatchObject({ power: 'off', reason: 'destroyed' });
  });

  it('gives up on a host only after the time of the guest and the time for retries', async () => {
    const id = await bench.running();
    let losses = 0;
    bench.neighbours.disturb = (name, vmId) => {
      if (name !== 'shutdown-vm' || vmId !== id || losses === 1) return;
      losses += 1;
      throw new DomainError('HOST_UNAVAILABLE');
    };
    await bench.actWith('shutdownVm', id, 'timeoutSeconds: 600');
    // Later than retries go on, within the time of the guest.
    await askedFor(id, 60_000);
    await bench.until(id, 'the power button', () => guest(id).power === 'shutting-down');
    bench.neighbours.disturb = () => undefined;
    bench.neighbours.powerChange(id, 'off', 'shutdown');
    await ends(id, 'SUCCEEDED');
  });

  it('boots nothing that is off while its host is away for longer than the guest has time', async () => {
    const id = await bench.running();
    await bench.act('forceOffVm', id);
    await bench.reaches(id, 'STOPPED');
    bench.neighbours.calls.length = 0;
    let looks = 0;
    bench.neighbours.disturb = (name, vmId) => {
      if (name !== 'inspect-vm' || vmId !== id) return;
      looks += 1;
      throw new DomainError('HOST_UNAVAILABLE');
    };
    await bench.actWith('shutdownVm', id, 'timeoutSeconds: 1');
    // Waits grow from half a second: the fourth look comes after more than three.
    await pollUntil(() => looks >= 4, { what: 'looks at a host that is away' });
    bench.neighbours.disturb = () => undefined;
    expect(await ends(id, 'SUCCEEDED')).toMatchObject({ state: 'STOPPED' });
    expect(guest(id)).toMatchObject({ power: 'off', reason: 'destroyed' });
    expect(bench.neighbours.calls).not.toContain('start-vm');
  });

  it('has bounds, and no other action has it', async () => {
    const id = await bench.running();
    for (const options of ['timeoutSeconds: 0', 'timeoutSeconds: -1', 'timeoutSeconds: 3601'])
      expect([options, codes(await bench.actWith('shutdownVm', id, options))]).toEqual([options, ['INVALID_INPUT']]);
    for (const options of ['timeoutSeconds: 1.5', 'timeoutSeconds: "1"', 'force: 1'])
      expect(await bench.actWith('shutdownVm', id, options)).toMatchObject({ errors: [{}] });
    for (const name of ['startVm', 'forceOffVm', 'deleteVm', 'suspendVm'])
      expect(await bench.actWith(name, id, 'force: true')).toMatchObject({ errors: [{}] });
    expect(await bench.view(id)).toMatchObject({ state: 'RUNNING', operations: [{ kind: 'CREATE_VM' }] });
  });

  it('is part of what a key stands for; what is left out, null and not set are one', async () => {
    const id = await bench.running();
    const key = randomUUID();
    const first = await bench.actWith('shutdownVm', id, 'timeoutSeconds: 600', key);
    expect(first.errors).toBeUndefined();
    const operationOf = (answer: typeof first) =>
      (answer.data?.['shutdownVm'] as { operation: { id: string } } | undefined)?.operation.id;
    const again = await bench.actWith('shutdownVm', id, 'timeoutSeconds: 600, force: false', key);
    expect(operationOf(again)).toBe(operationOf(first));
    for (const options of ['timeoutSeconds: 601', 'timeoutSeconds: 600, force: true', 'timeoutSeconds: null'])
      expect(codes(await bench.actWith('shutdownVm', id, options, key))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
    const plain = randomUUID();
    const without = await bench.act('shutdownVm', id, plain);
    expect(operationOf(await bench.actWith('shutdownVm', id, 'timeoutSeconds: null, force: null', plain))).toBe(
      operationOf(without),
    );
  });

  it('is forgotten with its request: a later one without force does not cut the power', async () => {
    const id = await bench.running();
    await bench.actWith('shutdownVm', id, 'timeoutSeconds: 600, force: true');
    await bench.until(id, 'the power button', () => guest(id).power === 'shutting-down');
    await bench.actWith('shutdownVm', id, 'timeoutSeconds: 1');
    await bench.until(id, 'its end', ({ operations }) => operations[0]?.status === 'FAILED');
    expect(await bench.view(id)).toMatchObject({
      state: 'RUNNING',
      operations: [{ kind: 'SHUTDOWN_VM' }, { kind: 'SHUTDOWN_VM', status: 'SUPERSEDED' }, {}],
    });
    expect(guest(id).power).toBe('shutting-down');
  });
});
