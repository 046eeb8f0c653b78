import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@infinibay/testing';
import { createDatabase } from '../database.js';
import { SortDirection, VmCriteria, VmSortField } from './vm-list.inputs.js';
import { VmListRepository } from './vm-list.repository.js';
import { metadataOf } from './vm-metadata.js';

/** Of a database that is older than descriptions, tags and text filters. */
const MIGRATION = '20261126140000_vm_lists';
const NAMES = ['a', 'web-1', 'x'.repeat(63), 'aaaa-aaaa', '0-9-z'];

describe('VMs from before they had metadata', () => {
  let database: TestDatabase;
  let client: ReturnType<typeof createDatabase>;
  const [hostId, imageId, departmentId] = [randomUUID(), randomUUID(), randomUUID()];
  const ids = new Map(NAMES.map((name) => [name, randomUUID()]));

  beforeAll(async () => {
    database = await createTestDatabase('vms', MIGRATION);
    client = createDatabase({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 2 });
    await client.$executeRawUnsafe(
      `INSERT INTO hosts (id, hostname, cpus, memory_mib, memory_free_mib, driver, virt_type, nwfilter, guest_channel,
         libvirt_version, hypervisor_version, last_seen_at)
       VALUES ('${hostId}', 'h', 1, 1, 1, 'QEMU', 'kvm', true, true, '9', '7', now())`,
    );
    await client.$executeRawUnsafe(
      `INSERT INTO images (id, name, version, os_family, format, sha256, virtual_size_bytes, min_memory_mib)
       VALUES ('${imageId}', 'i', '1', 'linux', 'qcow2', 'a', 1, 1)`,
    );
    for (const [name, id] of ids)
      await client.$executeRawUnsafe(
        `INSERT INTO vms (id, department_id, owner_id, name, image_id, host_id, vcpus, memory_mib, disk_bytes)
         VALUES ('${id}', '${departmentId}', '${departmentId}', '${name}', '${imageId}', '${hostId}', 1, 1, 1)`,
      );
    await database.migrateFurther();
  }, 60_000);
  afterAll(async () => {
    await client.$disconnect();
    await database.drop();
  });

  it.each(NAMES)('have what the service would have written: %s', async (name) => {
    const row = await client.vmMetadata.findUniqueOrThrow({ where: { vmId: ids.get(name) ?? '' } });
    const { substrings, ...said } = metadataOf(name, { description: '', tags: [] });
    expect(row).toMatchObject(said);
    expect(row.substrings.toSorted((a, b) => a - b)).toEqual(substrings.toSorted((a, b) => a - b));
  });

  it('are not protected, and of no template', async () => {
    expect(await client.vm.count({ where: { deletionProtected: false, templateId: null } })).toBe(NAMES.length);
  });

  it('are found by their names', async () => {
    const sort = { field: VmSortField.NAME, direction: SortDirection.ASC };
    const find = async (text: string) =>
      (
        await new VmListRepository(client).positions({ all: true }, VmCriteria.parse({ text }), sort, {
          first: 10,
          after: undefined,
        })
      ).map(({ value }) => value);
    expect(await find('A')).toEqual(['a', 'aaaa-aaaa']);
    expect(await find('eb-')).toEqual(['web-1']);
    expect(await find('xxxx')).toEqual(['x'.repeat(63)]);
    expect(await find('-')).toEqual(['0-9-z', 'aaaa-aaaa', 'web-1']);
    expect(await find('nothing')).toEqual([]);
  });
});
