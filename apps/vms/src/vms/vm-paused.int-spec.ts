import { DomainError, type DomainPower } from '@infinibay/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';

describe('a VM that stands still', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start({ SHUTDOWN_GRACE_SECONDS: '5' });
  }, 120_000);
  afterAll(() => bench.stop());

  const pause = (id: string, reason: string, stuck = false): void => {
    bench.neighbours.vm(id).stuck = stuck;
    bench.neighbours.powerChange(id, 'paused', reason);
  };
  const events = async (id: string): Promise<string[]> => {
    const rows = await bench.vms.get(PrismaClient).outboxEvent.findMany({ orderBy: { id: 'asc' } });
    return rows.filter(({ subject }) => subject.includes(id)).map(({ subject }) => subject.split('.').at(-1) ?? '');
  };

  it('is shown as paused with the reason, stays so while nobody asks, and startVm lets it run on', async () => {
    const id = await bench.running();
    pause(id, 'user');
    expect(await bench.reaches(id, 'PAUSED')).toMatchObject({ pauseReason: 'user', error: null });
    expect(bench.neighbours.vm(id).power).toBe('paused');
    await bench.act('startVm', id);
    const vm = await bench.reaches(id, 'RUNNING');
    expect(vm).toMatchObject({ pauseReason: null, operations: [{ kind: 'START_VM', status: 'SUCCEEDED' }, {}] });
    expect(bench.neighbours.vm(id).power).toBe('running');
    expect(await events(id)).toContain('paused');
  }, 120_000);

  it('goes back to RUNNING when somebody resumes it by hand, and tells both', async () => {
    const id = await bench.running();
    pause(id, 'user');
    await bench.reaches(id, 'PAUSED');
    bench.neighbours.powerChange(id, 'running', 'unpaused');
    await bench.reaches(id, 'RUNNING');
    const told = await events(id);
    expect(told.indexOf('paused')).toBeLessThan(told.indexOf('resumed'));
  }, 120_000);

  it('does not make a start succeed while it stays paused, and runs on by itself when the storage lets it', async () => {
    const id = await bench.running();
    pause(id, 'io-error', true);
    expect((await bench.reaches(id, 'PAUSED')).pauseReason).toBe('io-error');
    await bench.act('startVm', id);
    const failed = await bench.until(
      id,
      'the end of the start',
      // VM and operations are read one after the other: both must have come to their end.
      ({ state, operations }) => state !== 'STARTING' && operations[0]?.status === 'FAILED',
    );
    expect(failed).toMatchObject({
      state: 'PAUSED',
      pauseReason: 'io-error',
      operations: [{ errorCode: 'VM_PAUSED' }, {}],
    });
    bench.neighbours.vm(id).stuck = false;
    await bench.reaches(id, 'RUNNING', false);
  }, 120_000);

  it('is resumed for its shutdown', async () => {
    const id = await bench.running();
    pause(id, 'user');
    await bench.reaches(id, 'PAUSED');
    await bench.act('shutdownVm', id);
    await bench.until(id, 'the power button', () => bench.neighbours.vm(id).power === 'shutting-down', false);
    bench.neighbours.powerChange(id, 'off', 'shutdown');
    await bench.reaches(id, 'STOPPED');
  }, 120_000);

  it('ends its shutdown within the grace whatever its power stays at', async () => {
    const stays: [power: DomainPower, reason: string, state: string][] = [
      ['paused', 'io-error', 'PAUSED'],
      ['paused', 'pmsuspended', 'PAUSED'],
      ['shutting-down', 'user', 'RUNNING'],
      ['unknown', '', 'RUNNING'],
    ];
    const ids = await Promise.all(stays.map(() => bench.running()));
    bench.neighbours.disturb = (name, vmId) => {
      // The guests take no notice of their power button.
      if (name === 'shutdown-vm' && vmId !== undefined && ids.includes(vmId)) throw new DomainError('VM_UNRESPONSIVE');
    };
    // Side by side: each waits for its grace.
    const ended = await Promise.all(
      stays.map(async ([power, reason], index) => {
        const id = ids[index] ?? '';
        Object.assign(bench.neighbours.vm(id), { power, reason, stuck: true });
        await bench.act('shutdownVm', id);
        return bench.until(
          id,
          'the end of the shutdown',
          // VM and operations are read one after the other: both must have come to their end.
          ({ state, operations }) => state !== 'STOPPING' && operations[0]?.status === 'FAILED',
        );
      }),
    );
    bench.neighbours.disturb = () => undefined;
    expect(ended.map(({ state }) => state)).toEqual(stays.map(([, , state]) => state));
    await Promise.all(ids.map((id) => bench.act('deleteVm', id).then(() => bench.isGone(id))));
  }, 120_000);

  it('that crashed or was found off counts as off for a shutdown', async () => {
    for (const power of ['crashed', null] as const) {
      const id = await bench.running();
      // Longer than the grace: its power goes once the button was pressed, or that would write it anew.
      await bench.actWith('shutdownVm', id, 'timeoutSeconds: 3600');
      await bench.until(id, 'the power button', () => bench.neighbours.vm(id).power === 'shutting-down', false);
      Object.assign(bench.neighbours.vm(id), { power, reason: '' });
      await bench.reaches(id, 'STOPPED');
    }
  }, 120_000);
});
