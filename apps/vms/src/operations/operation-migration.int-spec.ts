import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@infinibay/testing';
import { createDatabase } from '../database.js';

/** Of a database that is older than operations of resources. */
const MIGRATION = '20261126104000_operations_of_resources';

describe('operations from before they had resources', () => {
  let database: TestDatabase;
  let client: ReturnType<typeof createDatabase>;
  const [hostId, imageId, vmId, operationId] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  beforeAll(async () => {
    database = await createTestDatabase('vms', MIGRATION);
    client = createDatabase({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 2 });
    for (const statement of [
      `INSERT INTO hosts (id, hostname, cpus, memory_mib, memory_free_mib, driver, virt_type, nwfilter, guest_channel,
         libvirt_version, hypervisor_version, last_seen_at)
       VALUES ('${hostId}', 'h', 1, 1, 1, 'QEMU', 'kvm', true, true, '9', '7', now())`,
      `INSERT INTO images (id, name, version, os_family, format, sha256, virtual_size_bytes, min_memory_mib)
       VALUES ('${imageId}', 'i', '1', 'linux', 'qcow2', 'a', 1, 1)`,
      `INSERT INTO vms (id, department_id, owner_id, name, desired, image_id, host_id, vcpus, memory_mib, disk_bytes)
       VALUES ('${vmId}', '${vmId}', '${vmId}', 'old', 'FORCED_OFF', '${imageId}', '${hostId}', 1, 1, 1)`,
      `INSERT INTO operations (id, kind, vm_id, department_id, actor_id, idempotency_key, correlation_id)
       VALUES ('${operationId}', 'FORCE_OFF_VM', '${vmId}', '${vmId}', '${vmId}', 'key', 'c')`,
    ])
      await client.$executeRawUnsafe(statement);
    await database.migrateFurther();
  }, 60_000);
  afterAll(async () => {
    await client.$disconnect();
    await database.drop();
  });

  it('are of their VM, with kind and wish as they were', async () => {
    expect(await client.operation.findUnique({ where: { id: operationId } })).toMatchObject({
      kind: 'FORCE_OFF_VM',
      resourceKind: 'vm',
      resourceId: vmId,
      vmId,
      status: 'PENDING',
    });
    expect(await client.vm.findUnique({ where: { id: vmId } })).toMatchObject({ desired: 'FORCED_OFF' });
  });

  it('stand beside operations of resources that are no VMs, and go with their VM', async () => {
    const other = randomUUID();
    const common = { departmentId: vmId, actorId: vmId, idempotencyKey: 'key', correlationId: 'c' };
    await client.operation.create({
      data: { ...common, id: other, kind: 'IMPORT_IMAGE', resourceKind: 'image', resourceId: imageId },
    });
    await client.vm.delete({ where: { id: vmId } });
    expect((await client.operation.findMany()).map(({ id }) => id)).toEqual([other]);
  });
});
