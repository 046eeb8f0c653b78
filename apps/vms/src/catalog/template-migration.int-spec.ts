import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@infinibay/testing';
import { NO_LIMITS } from '@infinibay/vms-domain';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase } from '../database.js';
import { TemplateVersionRepository } from './template-version.repository.js';

/** Of a database whose templates have no versions. */
const MIGRATION = '20261128100000_template_versions';

describe('templates of a time before versions', () => {
  let database: TestDatabase;
  let client: ReturnType<typeof createDatabase>;
  const imageId = randomUUID();

  beforeAll(async () => {
    database = await createTestDatabase('vms', MIGRATION);
    client = createDatabase({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 2 });
    await client.$executeRawUnsafe(
      `INSERT INTO images (id, name, version, os_family, format, sha256, virtual_size_bytes, min_memory_mib)
       VALUES ('${imageId}', 'i', '1', 'linux', 'qcow2', 'a', 1, 64)`,
    );
  }, 60_000);
  afterAll(async () => {
    await client.$disconnect();
    await database.drop();
  });

  /** As an instance of that time does. */
  const make = async (name: string): Promise<string> => {
    const id = randomUUID();
    await client.$executeRawUnsafe(
      `INSERT INTO templates (id, name, name_key, image_id, vcpus, memory_mib, disk_bytes)
       VALUES ('${id}', '${name}', '${name}', '${imageId}', 2, 256, 1048576)`,
    );
    return id;
  };

  it('are each their first version, also those that an older instance makes after the migration', async () => {
    const before = await make('before');
    await database.migrateFurther();
    const ids = [before, await make('after')];
    for (const templateId of ids) {
      expect(await client.template.findUnique({ where: { id: templateId } })).toMatchObject({
        departmentId: null,
        version: 1,
      });
      const kept = await new TemplateVersionRepository(client).find(client, { templateId, number: 1 });
      expect(kept).toMatchObject({
        spec: { version: 1, vcpus: 2, maxVcpus: 2, memoryMib: 256, maxMemoryMib: 256, autostart: false },
        imageId,
        diskBytes: 1_048_576n,
        cloudInit: null,
        limits: NO_LIMITS,
        authorId: null,
      });
    }
    await expect(make('before')).rejects.toThrow();
    await client.template.delete({ where: { id: before } });
    expect(await client.templateVersion.count({ where: { templateId: before } })).toBe(0);
  });
});
