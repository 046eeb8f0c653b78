import { randomUUID } from 'node:crypto';
import { DomainError } from '@infinibay/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';

describe('resetVm', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start({ SHUTDOWN_GRACE_SECONDS: '30', RETRY_LIMIT_SECONDS: '10' });
  }, 120_000);
  afterAll(() => bench.stop());

  const guest = (id: string) => bench.neighbours.vm(id);
  /** One answer reads the VM and then its operations: what ended in between is read whole by the next. */
  const ends = async (id: string, kind: string, status = 'SUCCEEDED') => {
    await bench.until(id, `${kind} ${status}`, ({ operations }) =>
      operations.some((one) => one.kind === kind && one.status === status),
    );
    return bench.view(id);
  };
  const operationsOf = (id: string) =>
    bench.vms.get(PrismaClient).operation.findMany({ where: { resourceId: id }, orderBy: { createdAt: 'asc' } });
  const codes = (answer: Awaited<ReturnType<VmBench['act']>>) =>
    answer.errors?.map(({ extensions }) => extensions.code);
  const suspended = async (): Promise<string> => {
    const id = await bench.running();
    await bench.act('suspendVm', id);
    await ends(id, 'SUSPEND_VM');
    return id;
  };

  it('presses the button once, for its operation, and the VM is RUNNING all the time', async () => {
    const id = await bench.running();
    const before = await bench.told(id);
    await bench.act('resetVm', id);
    const vm = await ends(id, 'RESET_VM');
    expect(vm).toMatchObject({ state: 'RUNNING', error: null });
    expect(guest(id).resets).toEqual([(await operationsOf(id)).at(-1)?.id]);
    expect((await bench.told(id)).slice(before.length).filter((name) => name !== 'updated')).toEqual([]);
    await bench.act('resetVm', id);
    await bench.until(id, 'the second', () => guest(id).resets.length === 2);
  });

  it('acts once for a key, and once of twenty that come together', async () => {
    const id = await bench.running();
    const free = Promise.withResolvers<undefined>();
    bench.neighbours.disturb = (name, vmId) => (name === 'reset-vm' && vmId === id ? free.promise : undefined);
    const key = randomUUID();
    const same = await Promise.all([1, 2, 3].map(() => bench.act('resetVm', id, key)));
    // How far it has come meanwhile is told as it is at the time.
    const operationIn = ({ data }: (typeof same)[number]) =>
      data?.['resetVm'] as { operation: { id: string } } | undefined;
    const named = new Set(same.map((answer) => operationIn(answer)?.operation.id));
    expect([named.size, named.has(undefined)]).toEqual([1, false]);
    const others = await Promise.all(Array.from({ length: 20 }, () => bench.act('resetVm', id)));
    expect(new Set(others.flatMap((answer) => codes(answer) ?? ['accepted']))).toEqual(new Set(['VM_BUSY']));
    free.resolve(undefined);
    bench.neighbours.disturb = () => undefined;
    await ends(id, 'RESET_VM');
    expect(guest(id).resets).toHaveLength(1);
  });

  it('is sent again as the same operation when the answer was lost', async () => {
    const id = await bench.running();
    let asked = 0;
    const press = guest(id).resets.push.bind(guest(id).resets);
    bench.neighbours.disturb = async (name, vmId) => {
      if (name !== 'reset-vm' || vmId !== id || (asked += 1) > 1) return;
      // It is pressed, and whoever asked does not hear so.
      const open = (await operationsOf(id)).at(-1);
      press(open?.id ?? '');
      throw new DomainError('HOST_UNAVAILABLE');
    };
    await bench.act('resetVm', id);
    await ends(id, 'RESET_VM');
    bench.neighbours.disturb = () => undefined;
    expect(asked).toBe(2);
    expect(guest(id).resets).toHaveLength(1);
  });

  it('leaves a suspended VM suspended', async () => {
    const id = await suspended();
    await bench.act('resetVm', id);
    expect(await ends(id, 'RESET_VM')).toMatchObject({ state: 'PAUSED', pauseReason: 'user' });
    expect(guest(id)).toMatchObject({ power: 'paused', resets: [expect.any(String)] });
  });

  it('resets a guest that was paused by hand before it lets it run on', async () => {
    const id = await bench.running();
    bench.neighbours.powerChange(id, 'paused', 'watchdog');
    await bench.reaches(id, 'PAUSED');
    bench.neighbours.calls.length = 0;
    await bench.act('resetVm', id);
    expect(await ends(id, 'RESET_VM')).toMatchObject({ state: 'RUNNING', pauseReason: null });
    expect(bench.neighbours.calls.filter((name) => ['reset-vm', 'resume-vm'].includes(name))).toEqual([
      'reset-vm',
      'resume-vm',
    ]);
  });

  it('lets run on what the host has stopped for a reset that came to nothing, though nobody asks any more', async () => {
    const id = await bench.running();
    bench.neighbours.powerChange(id, 'paused', 'reset');
    await bench.until(id, 'the guest to run', ({ state }) => state === 'RUNNING' && guest(id).power === 'running');
  });

  it('fails when the host can not, or can not in time, and leaves the VM as it is', async () => {
    for (const code of ['UNSUPPORTED_BY_DRIVER', 'VM_UNRESPONSIVE'] as const) {
      const id = code === 'VM_UNRESPONSIVE' ? await suspended() : await bench.running();
      bench.neighbours.disturb = (name, vmId) => {
        if (name === 'reset-vm' && vmId === id) throw new DomainError(code);
      };
      await bench.act('resetVm', id);
      const vm = await ends(id, 'RESET_VM', 'FAILED');
      expect([vm?.error, vm?.operations[0]?.errorCode]).toEqual([null, code]);
      expect(['RUNNING', 'PAUSED']).toContain(vm?.state);
      bench.neighbours.disturb = () => undefined;
    }
  }, 120_000);

  it('fails where the disk of a suspended VM has gone: it was not reset', async () => {
    const id = await suspended();
    await bench.held(id, () => {
      guest(id).disk = false;
      return bench.act('resetVm', id);
    });
    expect(await ends(id, 'RESET_VM', 'FAILED')).toMatchObject({
      state: 'ERROR',
      operations: [{ errorCode: 'DISK_MISSING' }, {}, {}],
    });
    expect(guest(id).resets).toEqual([]);
  });

  it('that fails leaves a guest that ran out of space to run on when there is some', async () => {
    const id = await bench.running();
    guest(id).stuck = true;
    bench.neighbours.powerChange(id, 'paused', 'io-error');
    await bench.reaches(id, 'PAUSED');
    bench.neighbours.disturb = (name, vmId) => {
      if (name === 'reset-vm' && vmId === id) throw new DomainError('UNSUPPORTED_BY_DRIVER');
    };
    await bench.act('resetVm', id);
    expect(await ends(id, 'RESET_VM', 'FAILED')).toMatchObject({ state: 'PAUSED' });
    bench.neighbours.disturb = () => undefined;
    guest(id).stuck = false;
    await bench.until(id, 'the guest to run on', ({ state }) => state === 'RUNNING' && guest(id).power === 'running');
  });

  it('is refused where nothing runs, and boots a guest anew that went off meanwhile', async () => {
    const id = await bench.running();
    bench.neighbours.disturb = (name, vmId) => {
      if (name !== 'reset-vm' || vmId !== id) return;
      bench.neighbours.disturb = () => undefined;
      Object.assign(guest(id), { power: 'off', reason: 'shutdown' });
    };
    await bench.act('resetVm', id);
    await ends(id, 'RESET_VM');
    expect(await bench.view(id)).toMatchObject({ state: 'RUNNING' });
    expect(guest(id)).toMatchObject({ power: 'running', reason: 'booted', resets: [] });
    await bench.act('forceOffVm', id);
    await bench.reaches(id, 'STOPPED');
    expect(codes(await bench.act('resetVm', id))).toEqual(['VM_BUSY']);
  });

  it.each([
    ['shutdownVm', 'SHUTDOWN_VM'],
    ['startVm', 'START_VM'],
    ['deleteVm', 'DELETE_VM'],
  ])('gives way to %s', async (mutation, kind) => {
    const id = await bench.running();
    const [arrived, free] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    bench.neighbours.disturb = async (name, vmId) => {
      if (name !== 'reset-vm' || vmId !== id) return;
      arrived.resolve(undefined);
      await free.promise;
      throw new DomainError('HOST_UNAVAILABLE');
    };
    await bench.act('resetVm', id);
    await arrived.promise;
    await bench.act(mutation, id);
    free.resolve(undefined);
    bench.neighbours.disturb = () => undefined;
    if (mutation === 'shutdownVm') {
      await bench.until(id, 'the power button', () => guest(id).power === 'shutting-down');
      bench.neighbours.powerChange(id, 'off', 'shutdown');
    }
    if (mutation === 'deleteVm') await bench.isGone(id);
    else await ends(id, kind);
    const ended = (await operationsOf(id)).map((one) => [one.kind, one.status]);
    expect(ended.slice(1)).toEqual([
      ['RESET_VM', 'SUPERSEDED'],
      [kind, 'SUCCEEDED'],
    ]);
    expect(guest(id).resets).toEqual([]);
  });

  it('comes after a suspension that is under way: the VM is reset, and suspended', async () => {
    const id = await bench.running();
    await bench.act('suspendVm', id);
    await bench.act('resetVm', id);
    expect(await ends(id, 'RESET_VM')).toMatchObject({ state: 'PAUSED' });
    expect(guest(id)).toMatchObject({ power: 'paused', resets: [expect.any(String)] });
  });
});
