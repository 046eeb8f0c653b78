import { randomUUID } from 'node:crypto';
import { DomainError, hostVmsRelisted } from '@infinibay/contracts';
import { newEvent } from '@infinibay/platform-persistence';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';
import { HostReportController } from './host-report.controller.js';

const HOUR_MS = 3_600_000;

describe('VMs of a host that was away', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  const dueAt = async (id: string): Promise<Date | null> =>
    (await database().vm.findUniqueOrThrow({ where: { id } })).reconcileAt;

  /** What an agent tells after each connect to libvirt. */
  const relisted = (hostId: string): Promise<void> => {
    const data = { ...hostVmsRelisted.example, hostId };
    const event = newEvent(hostVmsRelisted, { departmentId: null, resource: { kind: 'host', id: hostId }, data });
    return bench.vms.get(HostReportController).relisted({ ...event, data });
  };

  /** The VM is looked at again in an hour. @param failedAttempts that it must have behind it, at least */
  const put = async (id: string, failedAttempts: number): Promise<Date> => {
    const reconcileAt = new Date(Date.now() + HOUR_MS);
    const where = { id, leaseUntil: null, failedAttempts: { gte: failedAttempts } };
    await pollUntil(async () => (await database().vm.updateMany({ where, data: { reconcileAt } })).count === 1, {
      timeoutMs: 60_000,
      what: 'a VM that nobody works on',
    });
    return reconcileAt;
  };

  it('are tried again as soon as it is back; of other hosts, and without a failure, they wait on', async () => {
    const [failed, other] = [await bench.running(), await bench.running()];
    bench.neighbours.disturb = (name, vmId) => {
      if (name === 'force-off-vm' && vmId === failed) throw new DomainError('HOST_UNAVAILABLE', {});
    };
    await bench.act('forceOffVm', failed);
    const inAnHour = await put(failed, 1);
    bench.neighbours.disturb = () => undefined;
    const alsoInAnHour = await put(other, 0);
    await relisted(randomUUID());
    expect(await dueAt(failed)).toEqual(inAnHour);
    await relisted(bench.neighbours.hostId);
    await bench.reaches(failed, 'STOPPED', false);
    expect(await dueAt(other)).toEqual(alsoInAnHour);
  }, 180_000);
});
