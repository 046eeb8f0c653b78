import { createTestDatabase, type TestDatabase } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase } from '../database.js';
import { Prisma } from '../generated/prisma/client.js';
import { departmentOf, insertSnapshots, insertVms, insertVolumes } from '../testing/many-vms.js';
import { QuotaRepository, usageQuery } from './quota.repository.js';

const TABLES = ['vms', 'volumes', 'vm_snapshots'];

describe('the usage of departments among 20,000 VMs and as many volumes and snapshots', () => {
  let database: TestDatabase;
  let client: ReturnType<typeof createDatabase>;
  beforeAll(async () => {
    database = await createTestDatabase('vms');
    client = createDatabase({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 2 });
    await insertVms(client, 20_000);
    await insertVolumes(client, 20_000);
    await insertSnapshots(client, 20_000);
    for (const table of TABLES) await client.$executeRawUnsafe(`VACUUM (ANALYZE) ${table}`);
  }, 240_000);
  afterAll(async () => {
    await client.$disconnect();
    await database.drop();
  });

  it('is summed up by an index, for a create as for a page of departments', async () => {
    for (const count of [1, 10]) {
      const ids = Array.from({ length: count }, (_, index) => departmentOf(index));
      const plan = await client.$queryRaw<object[]>(Prisma.sql`EXPLAIN (FORMAT JSON) ${usageQuery(ids)}`);
      for (const table of TABLES) expect(JSON.stringify(plan)).toContain(`"Index Name":"${table}_`);
      expect(JSON.stringify(plan)).toContain('"Index Name":"vms_saved_');
      expect(JSON.stringify(plan)).not.toContain('Seq Scan');
    }
  });

  it('is that of the living ones', async () => {
    const departmentId = departmentOf(7);
    const where = { departmentId, state: { not: 'DELETED' } } as const;
    const living = await client.vm.findMany({ where });
    const volumes = await client.volume.findMany({ where });
    const snapshots = await client.vmSnapshot.findMany({ where: { departmentId } });
    const bytes = [
      ...living.map((vm) => vm.diskBytes),
      ...living.map((vm) => vm.savedBytes ?? 0n),
      ...volumes.map((volume) => volume.capacityBytes),
      ...snapshots.map((snapshot) => snapshot.memoryBytes),
    ];
    const used = (await new QuotaRepository(client).usage([departmentId])).get(departmentId);
    expect(living.some((vm) => vm.savedBytes !== null)).toBe(true);
    expect(living.length).toBeGreaterThan(400);
    expect(volumes.length).toBeGreaterThan(400);
    expect(snapshots.length).toBeGreaterThan(400);
    expect(used).toEqual({
      vms: living.length,
      vcpus: living.reduce((sum, vm) => sum + vm.vcpus, 0),
      memoryMib: living.reduce((sum, vm) => sum + vm.memoryMib, 0),
      diskGib: Number(bytes.reduce((sum, one) => sum + one, 0n)) / 2 ** 30,
    });
  });
});
