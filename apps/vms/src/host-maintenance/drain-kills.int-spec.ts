import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase, type PrismaClient } from '../database.js';
import { DrainBench } from '../testing/drain-bench.js';
import { VmBench } from '../testing/vm-bench.js';
import { spawnVms } from '../testing/vms-process.js';
import { VmsUnderTest } from '../testing/vms-under-test.js';

const KILLED = 60;

describe('the drain of a host while the service is killed', () => {
  let bench: VmBench;
  let drain: DrainBench;
  let database: PrismaClient;
  let service: ChildProcess | undefined;
  beforeAll(async () => {
    bench = await VmBench.start();
    drain = new DrainBench(bench);
    database = createDatabase({ DATABASE_URL: bench.database.url, DATABASE_POOL_SIZE: 2 });
  }, 120_000);
  afterAll(async () => {
    service?.kill('SIGKILL');
    await database.$disconnect();
    await bench.stop();
  });

  it('goes on after the service was killed half-way, and a repeated key gets the same operation', async () => {
    // One that is waited for: not all are asked before it is over.
    const [late = ''] = await drain.bulk.vms(1, 'BUILDING', { reconcileAt: null });
    const ids = [late, ...(await drain.bulk.vms(KILLED - 1, 'RUNNING'))];
    const idempotencyKey = randomUUID();
    const said = { idempotencyKey, timeoutSeconds: 600, reason: 'a new fan' };
    const asked = () => database.bulkResult.count({ where: { status: { not: 'PENDING' }, vmId: { in: ids } } });
    const id = await drain.drained(said);
    await bench.vms.stop();
    const before = await asked();
    service = spawnVms(bench.database);
    await pollUntil(async () => (await asked()) > before || before === KILLED - 1, {
      what: 'work',
      timeoutMs: 60_000,
    });
    service.kill('SIGKILL');
    await once(service, 'exit');
    expect(await asked()).toBeLessThan(KILLED);
    await database.vm.update({ where: { id: late }, data: { state: 'RUNNING', desired: 'RUNNING' } });
    Object.assign(bench.neighbours.vm(late), { power: 'running' });
    bench.vms = await VmsUnderTest.start(bench.database);
    expect(await drain.drained(said)).toBe(id);
    const { errors } = await drain.drain({ ...said, force: true });
    expect(errors?.[0]?.extensions.code).toBe('IDEMPOTENCY_KEY_REUSED');
    const view = await drain.ended(id);
    expect(view).toMatchObject({ status: 'SUCCEEDED', results: { totalCount: KILLED } });
    expect(ids.filter((vmId) => bench.neighbours.vm(vmId).power !== 'off')).toEqual([]);
    expect(await database.operation.count({ where: { resourceKind: 'vm', kind: 'SHUTDOWN_VM' } })).toBe(KILLED);
    expect(await database.operation.count({ where: { resourceKind: 'host', idempotencyKey } })).toBe(1);
  }, 120_000);
});
