import { createHash } from 'node:crypto';
import type { PrismaClient } from '../database.js';
import type { Prisma } from '../generated/prisma/client.js';
import { metadataOf } from '../vms/vm-metadata.js';

const GIB = 1_073_741_824n;
const STATES = ['RUNNING', 'RUNNING', 'RUNNING', 'STOPPED', 'RUNNING', 'STOPPED', 'PAUSED', 'ERROR'] as const;
const WORDS = ['front', 'shop', 'billing', 'search', 'mail', 'build', 'reports', 'archive', 'gateway', 'lab'] as const;
const BATCH = 2_000;

/** A UUID for a name, the same each time. */
export const idOf = (name: string): string => {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

export const departmentOf = (index: number): string => idOf(`department ${index % 40}`);
export const ownerOf = (index: number): string => idOf(`owner ${index % 300}`);
export const hostOf = (index: number): string => idOf(`host ${index % 25}`);
export const imageOf = (index: number): string => idOf(`image ${index % 12}`);
export const templateOf = (index: number): string => idOf(`template ${index % 30}`);

const word = (index: number): string => WORDS[index % WORDS.length] ?? '';

/** Nobody comes to it while a spec looks. */
const SOME_DAY = new Date(Date.UTC(2126, 0, 1));
const TO_BE_DELETED = { desired: 'FORCED_OFF', purgeAt: SOME_DAY, purgeDueAt: SOME_DAY, purgeByRole: 'USER' } as const;
const NOT_TO_BE_DELETED = {
  desired: 'RUNNING',
  purgeAt: null,
  purgeDueAt: null,
  purgeById: null,
  purgeByRole: null,
} as const;

const vmOf = (index: number): Prisma.VmCreateManyInput => {
  const isDeleted = index % 20 === 0;
  const name = `${word(index)}-${index}`;
  return {
    id: idOf(`vm ${index}`),
    departmentId: departmentOf(index),
    ownerId: ownerOf(index),
    name,
    activeName: isDeleted ? null : name,
    state: isDeleted ? 'DELETED' : (STATES[index % STATES.length] ?? 'RUNNING'),
    imageId: imageOf(index),
    hostId: hostOf(index),
    templateId: index % 3 === 0 ? templateOf(index) : null,
    vcpus: 1 + (index % 8),
    memoryMib: 256 * (1 + (index % 16)),
    diskBytes: GIB * BigInt(1 + (index % 30)),
    savedBytes: index % 7 === 0 ? GIB : null,
    ...(index % 9 === 0 && !isDeleted ? { ...TO_BE_DELETED, purgeById: ownerOf(index) } : NOT_TO_BE_DELETED),
    purgeVolumes: false,
    createdAt: new Date(Date.UTC(2026, 0, 1) + index * 1_000),
  };
};

const rowOfMetadata = (index: number): Prisma.VmMetadataCreateManyInput => ({
  vmId: idOf(`vm ${index}`),
  ...metadataOf(`${word(index)}-${index}`, {
    description: `the ${word(index)} of team ${index % 97}, number ${index}`,
    tags: [`env:${['dev', 'test', 'prod'][index % 3] ?? ''}`, `team-${index % 97}`, `number-${index}`].sort(),
  }),
});

/** Writes VMs of which one of twenty is deleted, with what they stand on. No worker takes them up. */
export const insertVms = async (database: PrismaClient, count: number): Promise<void> => {
  await database.host.createMany({
    data: Array.from({ length: 25 }, (_, index) => ({
      id: hostOf(index),
      hostname: `host-${index}`,
      cpus: 64,
      memoryMib: 524_288,
      memoryFreeMib: 262_144,
      driver: 'QEMU',
      virtType: 'kvm',
      nwfilter: true,
      guestChannel: true,
      libvirtVersion: '9.0.0',
      hypervisorVersion: '7.2.0',
      lastSeenAt: new Date(),
    })),
  });
  await database.image.createMany({
    data: Array.from({ length: 12 }, (_, index) => ({
      id: imageOf(index),
      name: `image-${index}`,
      version: '1',
      osFamily: 'linux',
      format: 'qcow2',
      sha256: 'a',
      virtualSizeBytes: GIB,
      minMemoryMib: 64,
    })),
  });
  await withoutIndexes(database, async () => {
    await insertRows(database, 'vms', count, vmOf);
    await insertRows(database, 'vm_metadata', count, rowOfMetadata);
  });
};

/** Writes volumes of which one of twenty is deleted, with the pool that they are in. No worker takes them up. */
export const insertVolumes = async (database: PrismaClient, count: number): Promise<void> => {
  const pool = { id: idOf('pool'), hostId: hostOf(0), name: 'default', kind: 'dir' };
  const bytes = { capacityBytes: 1_000n * GIB, availableBytes: 1_000n * GIB };
  await database.storagePool.create({ data: { ...pool, ...bytes, observedAt: new Date() } });
  const volumeOf = (index: number): Prisma.VolumeCreateManyInput => ({
    id: idOf(`volume ${index}`),
    departmentId: departmentOf(index),
    ownerId: ownerOf(index),
    name: `volume ${index}`,
    activeNameKey: index % 20 === 0 ? null : `volume ${index}`,
    state: index % 20 === 0 ? 'DELETED' : 'AVAILABLE',
    poolId: pool.id,
    hostId: pool.hostId,
    capacityBytes: GIB * BigInt(1 + (index % 30)),
  });
  await insertRows(database, 'volumes', count, volumeOf);
};

/** Writes a snapshot with memory of each of that many VMs. No worker takes them up. */
export const insertSnapshots = async (database: PrismaClient, count: number): Promise<void> => {
  const snapshotOf = (index: number): Prisma.VmSnapshotCreateManyInput => ({
    id: idOf(`snapshot ${index}`),
    vmId: idOf(`vm ${index}`),
    departmentId: departmentOf(index),
    name: 'before',
    nameKey: 'before',
    state: 'READY',
    hasMemory: true,
    memoryBytes: GIB,
    spec: {},
    volumeIds: [],
    authorId: ownerOf(index),
  });
  await insertRows(database, 'vm_snapshots', count, snapshotOf);
};

const columnOf = (field: string): string => field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** As `createMany`, which spends most of its time on putting so many parameters together. */
const insertRows = async (
  database: PrismaClient,
  table: string,
  count: number,
  rowOf: (index: number) => object,
): Promise<void> => {
  for (let from = 0; from < count; from += BATCH) {
    const rows = Array.from({ length: Math.min(BATCH, count - from) }, (_, more) => Object.entries(rowOf(from + more)));
    const columns = [...new Set(rows.flatMap((row) => row.map(([field]) => columnOf(field))))].join(', ');
    const json = rows.map((row) => Object.fromEntries(row.map(([field, value]) => [columnOf(field), plain(value)])));
    await database.$executeRawUnsafe(
      `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::${table}, $1::json)`,
      JSON.stringify(json),
    );
  }
};

const plain = (value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

/** To make an index of many rows at once takes a fraction of what their single entries take. */
const withoutIndexes = async (database: PrismaClient, work: () => Promise<void>): Promise<void> => {
  const indexes = await database.$queryRaw<{ name: string; definition: string }[]>`
    SELECT indexname AS name, indexdef AS definition FROM pg_indexes
    WHERE schemaname = current_schema() AND tablename IN ('vms', 'vm_metadata') AND indexdef NOT LIKE '%UNIQUE%'`;
  for (const { name } of indexes) await database.$executeRawUnsafe(`DROP INDEX "${name}"`);
  await work();
  for (const { definition } of indexes) await database.$executeRawUnsafe(definition);
};
