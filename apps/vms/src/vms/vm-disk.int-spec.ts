import { DomainError, DISK_PROBLEM_CODES } from '@infinibay/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';

describe('a VM that was built', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());
  beforeEach(() => {
    bench.neighbours.disturb = () => undefined;
    bench.neighbours.calls.length = 0;
  });

  const lose = (id: string): void => void (bench.neighbours.vm(id).disk = false);
  const giveBack = (id: string): void => void (bench.neighbours.vm(id).disk = true);
  const stopped = async (): Promise<string> => {
    const id = await bench.running();
    await bench.act('forceOffVm', id);
    await bench.reaches(id, 'STOPPED');
    return id;
  };

  it('is not started on a new disk when its disk is missing, says so, and starts when it is back', async () => {
    const id = await stopped();
    lose(id);
    await bench.act('startVm', id);
    const broken = await bench.reaches(id, 'ERROR');
    expect(broken.error?.code).toBe('DISK_MISSING');
    expect(broken.operations[0]).toMatchObject({ kind: 'START_VM', status: 'FAILED', errorCode: 'DISK_MISSING' });
    giveBack(id);
    await bench.reaches(id, 'RUNNING');
    expect(bench.neighbours.vm(id).disksMade).toBe(1);
  }, 120_000);

  it('gets no new disk when everything of it is lost with the host, and nobody asks', async () => {
    const id = await bench.running();
    lose(id);
    Object.assign(bench.neighbours.vm(id), { power: null, reason: '' });
    expect((await bench.reaches(id, 'ERROR')).error?.code).toBe('DISK_MISSING');
    giveBack(id);
    await bench.reaches(id, 'RUNNING');
    expect(bench.neighbours.vm(id)).toMatchObject({ power: 'running', disksMade: 1 });
  }, 120_000);

  it('shows each problem of its disk, running or off, and goes back to what it was', async () => {
    const [on, off] = [await bench.running(), await stopped()];
    for (const code of DISK_PROBLEM_CODES) {
      for (const id of [on, off]) bench.neighbours.vm(id).problem = { code, message: `because ${code}` };
      for (const id of [on, off]) {
        const vm = await bench.until(id, code, ({ error }) => error?.code === code);
        expect(vm).toMatchObject({ state: 'ERROR', error: { code, message: `because ${code}` } });
      }
    }
    for (const id of [on, off]) bench.neighbours.vm(id).problem = null;
    await bench.reaches(on, 'RUNNING');
    await bench.reaches(off, 'STOPPED');
    expect(bench.neighbours.calls.filter((call) => call === 'ensure-disk')).toHaveLength(2);
  }, 120_000);

  it('can be switched off and deleted while its disk is missing', async () => {
    const id = await bench.running();
    lose(id);
    await bench.reaches(id, 'ERROR');
    await bench.act('shutdownVm', id);
    await bench.until(id, 'the power button', () => bench.neighbours.vm(id).power === 'shutting-down', false);
    bench.neighbours.powerChange(id, 'off', 'shutdown');
    const off = await bench.reaches(id, 'ERROR', false);
    expect(off).toMatchObject({ error: { code: 'DISK_MISSING' }, operations: [{ status: 'SUCCEEDED' }, {}] });
    await bench.act('deleteVm', id);
    await bench.isGone(id);
    expect(bench.neighbours.leftovers()).not.toContain(id);
  }, 120_000);

  it('ends in ERROR when the host finds another disk right at the start', async () => {
    const id = await stopped();
    bench.neighbours.disturb = (name) => {
      if (name === 'start-vm') throw new DomainError('DISK_REPLACED', {}, { message: 'exchanged meanwhile' });
    };
    await bench.act('startVm', id);
    const vm = await bench.reaches(id, 'ERROR', false);
    expect(vm.error).toEqual({ code: 'DISK_REPLACED', message: 'exchanged meanwhile' });
  }, 120_000);

  it('is recorded as built together with the step, so that a kill before it makes no second disk', async () => {
    let kills = 1;
    bench.neighbours.disturb = (name) => {
      if (name === 'protect-vm' && kills-- > 0) throw new DomainError('HYPERVISOR_ERROR');
    };
    const id = await bench.running();
    expect(bench.neighbours.vm(id).disksMade).toBe(1);
    const row = await bench.vms.get(PrismaClient).vm.findUniqueOrThrow({ where: { id } });
    expect(row.diskBuiltAt).not.toBeNull();
  }, 120_000);
});
