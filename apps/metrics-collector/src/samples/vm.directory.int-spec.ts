import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningCollector } from '../testing/running-collector.js';
import { VmDirectory } from './vm.directory.js';

describe(VmDirectory.name, () => {
  let rig: RunningCollector;
  beforeAll(async () => {
    rig = await RunningCollector.start();
  }, 60_000);
  afterAll(() => rig.stop());

  it('asks anew for a guest on another socket: its VM may have gone to another department while it was off', async () => {
    const [vmId, other] = [randomUUID(), randomUUID()];
    const before = await rig.startGuest(vmId);
    expect((await rig.sampled(before, 1)).departmentId).toBe(rig.departmentId);
    await before.close();
    rig.departments.set(vmId, other);
    const after = await rig.startGuest(vmId);
    expect((await rig.sampled(after, 2)).departmentId).toBe(other);
    await after.close();
  }, 120_000);
});
