import { DomainError } from '@infinibay/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VmBench } from '../testing/vm-bench.js';

/** Where a worker stands with an old wish while somebody asks for something else. */
type Place = 'inspect-vm' | 'start-vm' | 'shutdown-vm';

describe('a request that comes while a worker is at its VM', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start({ SHUTDOWN_GRACE_SECONDS: '30' });
  }, 120_000);
  afterAll(() => bench.stop());

  /** Holds the next worker there. @returns when it has come, and what lets it go on */
  const hold = (place: Place, id: string, failure?: DomainError) => {
    const arrived = Promise.withResolvers<undefined>();
    const free = Promise.withResolvers<undefined>();
    bench.neighbours.disturb = async (name, vmId) => {
      if (name !== place || vmId !== id) return;
      bench.neighbours.disturb = () => undefined;
      arrived.resolve(undefined);
      await free.promise;
      if (failure !== undefined) throw failure;
    };
    return { arrived: arrived.promise, release: () => free.resolve(undefined) };
  };

  const ended = (id: string, kind: string) =>
    bench.until(
      id,
      `the end of ${kind}`,
      ({ operations }) => operations[0]?.kind === kind && !['PENDING', 'RUNNING'].includes(operations[0].status),
    );

  it('starts a VM that the worker had found paused', async () => {
    const id = await bench.running();
    const worker = hold('inspect-vm', id);
    bench.neighbours.powerChange(id, 'paused', 'user');
    await worker.arrived;
    await bench.act('startVm', id);
    worker.release();
    expect(await ended(id, 'START_VM')).toMatchObject({ operations: [{ status: 'SUCCEEDED' }, {}] });
    await bench.reaches(id, 'RUNNING');
    expect(bench.neighbours.vm(id).power).toBe('running');
  });

  it('shuts down a VM that the worker had found paused', async () => {
    const id = await bench.running();
    const worker = hold('inspect-vm', id);
    bench.neighbours.powerChange(id, 'paused', 'user');
    await worker.arrived;
    await bench.act('shutdownVm', id);
    worker.release();
    await bench.until(id, 'the power button', () => bench.neighbours.vm(id).power === 'shutting-down');
    bench.neighbours.powerChange(id, 'off', 'shutdown');
    expect(await ended(id, 'SHUTDOWN_VM')).toMatchObject({ operations: [{ status: 'SUCCEEDED' }, {}] });
  });

  it('deletes a VM whose guest had just powered itself off', async () => {
    const id = await bench.running();
    const worker = hold('inspect-vm', id);
    bench.neighbours.powerChange(id, 'off', 'shutdown');
    await worker.arrived;
    await bench.act('deleteVm', id);
    worker.release();
    await bench.isGone(id);
    expect(bench.neighbours.vm(id).disk).toBe(false);
  });

  it('is not told the failure of the step before it', async () => {
    const id = await bench.running();
    await bench.act('forceOffVm', id);
    await ended(id, 'FORCE_OFF_VM');
    const worker = hold('start-vm', id, new DomainError('VM_BUSY', {}));
    await bench.act('startVm', id);
    await worker.arrived;
    await bench.act('forceOffVm', id);
    worker.release();
    const vm = await ended(id, 'FORCE_OFF_VM');
    expect(vm.operations.slice(0, 2)).toMatchObject([
      { kind: 'FORCE_OFF_VM', status: 'SUCCEEDED' },
      { kind: 'START_VM', status: 'SUPERSEDED' },
    ]);
    expect(await bench.reaches(id, 'STOPPED')).toMatchObject({ error: null });
  });

  it('does not wait for the worker to try the step before it again', async () => {
    const id = await bench.running();
    const worker = hold('shutdown-vm', id, new DomainError('HOST_UNAVAILABLE', {}));
    await bench.act('shutdownVm', id);
    await worker.arrived;
    await bench.act('deleteVm', id);
    worker.release();
    await bench.isGone(id);
  });
});
