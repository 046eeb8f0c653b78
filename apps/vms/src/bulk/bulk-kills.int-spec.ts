import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase, type PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';
import { spawnVms } from '../testing/vms-process.js';
import { VmsUnderTest } from '../testing/vms-under-test.js';
import { BulkBench } from '../testing/bulk-bench.js';

const COUNT = 250;
const KILLS = 4;

describe('a request on hundreds of VMs while the service is killed again and again', () => {
  let bench: VmBench;
  let bulk: BulkBench;
  let database: PrismaClient;
  let service: ChildProcess | undefined;
  beforeAll(async () => {
    bench = await VmBench.start();
    bulk = new BulkBench(bench);
    database = createDatabase({ DATABASE_URL: bench.database.url, DATABASE_POOL_SIZE: 2 });
  }, 120_000);
  afterAll(async () => {
    service?.kill('SIGKILL');
    await database.$disconnect();
    await bench.stop();
  });

  const asked = (operationId: string) =>
    database.bulkResult.count({ where: { operationId, status: { not: 'PENDING' } } });

  it('asks each VM once, and comes to its end', async () => {
    const ids = await bulk.vms(COUNT, 'RUNNING');
    const id = await bulk.accepted({ action: 'RESET_VM', vmIds: ids });
    await bench.vms.stop();
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const before = await asked(id);
      service = spawnVms(bench.database);
      const moved = async () => (await asked(id)) > before || before === COUNT;
      await pollUntil(moved, { timeoutMs: 120_000, what: 'a VM that is asked' });
      service.kill('SIGKILL');
      await once(service, 'exit');
    }
    expect((await database.operation.findUniqueOrThrow({ where: { id } })).finishedAt).toBeNull();
    bench.vms = await VmsUnderTest.start(bench.database);
    const view = await pollUntil(
      async () => {
        const now = await bulk.read(id);
        return now.finishedAt === null ? null : now;
      },
      { timeoutMs: 600_000, intervalMs: 500, what: 'the end' },
    );
    expect(view).toMatchObject({ status: 'SUCCEEDED', progressPercent: 100, results: { totalCount: COUNT } });
    expect(new Set(ids.map((vmId) => bench.neighbours.vm(vmId).resets.length))).toEqual(new Set([1]));
    expect(await database.operation.count({ where: { resourceKind: 'vm', kind: 'RESET_VM' } })).toBe(COUNT);
  }, 900_000);
});
