import { NOTHING, UNLIMITED, type Limits, type Quantities } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { bytesOfGib, bytesToGib } from '../catalog/sizes.js';
import { PrismaClient, type Transaction } from '../database.js';
import { Prisma } from '../generated/prisma/client.js';

/**
 * What counts into the usage of departments: a row for each thing, with its department and how much it is of what
 * department_quotas has columns for. Each needs an index by department. A VM counts until it is gone: one that is being
 * deleted still has its disk and its place on the host.
 */
const USAGE_SOURCES: readonly Prisma.Sql[] = [
  Prisma.sql`SELECT department_id, 1 AS vms, vcpus, memory_mib, disk_bytes FROM vms WHERE state <> 'DELETED'`,
  Prisma.sql`SELECT department_id, 0, 0, 0, capacity_bytes FROM volumes WHERE state <> 'DELETED'`,
  Prisma.sql`SELECT department_id, 0, 0, 0, memory_bytes FROM vm_snapshots`,
  Prisma.sql`SELECT department_id, 0, 0, 0, saved_bytes FROM vms WHERE saved_bytes IS NOT NULL AND state <> 'DELETED'`,
];

type SqlReader = Pick<Transaction, '$queryRaw'>;

interface Row<N> {
  readonly departmentId: string;
  readonly vms: N;
  readonly vcpus: N;
  readonly memoryMib: N;
  readonly diskBytes: N;
}

const LIMITS = Prisma.sql`SELECT department_id AS "departmentId", vms::float8, vcpus::float8,
  memory_mib::float8 AS "memoryMib", disk_bytes::float8 AS "diskBytes" FROM department_quotas`;

/** How much departments may have, and have. */
@Injectable()
export class QuotaRepository {
  constructor(private readonly database: PrismaClient) {}

  /**
   * The limits of a department, locked until the transaction ends: a second one that asks waits, and then sees what the
   * first has committed. null: nothing is limited, and nobody is kept waiting.
   */
  async lock(tx: Transaction, departmentId: string): Promise<Limits | null> {
    const [row] = await tx.$queryRaw<Row<number | null>[]>`${LIMITS} WHERE department_id = ${departmentId}::uuid
      AND num_nonnulls(vms, vcpus, memory_mib, disk_bytes) > 0 FOR UPDATE`;
    return row === undefined ? null : limitsOf(row);
  }

  async limits(departmentIds: readonly string[], from: SqlReader = this.database): Promise<Map<string, Limits>> {
    const rows = await from.$queryRaw<Row<number | null>[]>`${LIMITS}
      WHERE department_id = ANY(${[...departmentIds]}::uuid[])`;
    return new Map(rows.map((row) => [row.departmentId, limitsOf(row)]));
  }

  /** By what is there now, never by a count that is kept beside: nothing can come to disagree with it. */
  async usage(departmentIds: readonly string[], from: SqlReader = this.database): Promise<Map<string, Quantities>> {
    const rows = await from.$queryRaw<Row<number>[]>(usageQuery(departmentIds));
    return new Map(rows.map((row) => [row.departmentId, quantitiesOf(row)]));
  }

  async usageOf(tx: Transaction, departmentId: string): Promise<Quantities> {
    return (await this.usage([departmentId], tx)).get(departmentId) ?? NOTHING;
  }

  /** @returns what they were */
  async put(tx: Transaction, departmentId: string, limits: Limits): Promise<Limits> {
    // Of two that come at once the second waits, and finds what the first has written.
    await tx.departmentQuota.createMany({ data: [{ departmentId }], skipDuplicates: true });
    await tx.$queryRaw`SELECT 1 FROM department_quotas WHERE department_id = ${departmentId}::uuid FOR UPDATE`;
    const before = (await this.limits([departmentId], tx)).get(departmentId) ?? UNLIMITED;
    await tx.departmentQuota.update({ where: { departmentId }, data: rowOf(limits) });
    return before;
  }
}

export const usageQuery = (departmentIds: readonly string[]): Prisma.Sql => Prisma.sql`
  SELECT department_id AS "departmentId", sum(vms)::float8 AS vms, sum(vcpus)::float8 AS vcpus,
    sum(memory_mib)::float8 AS "memoryMib", sum(disk_bytes)::float8 AS "diskBytes"
  FROM (${Prisma.join([...USAGE_SOURCES], ' UNION ALL ')}) AS used
  WHERE department_id = ANY(${[...departmentIds]}::uuid[]) GROUP BY department_id`;

const limitsOf = ({ vms, vcpus, memoryMib, diskBytes }: Row<number | null>): Limits => ({
  vms,
  vcpus,
  memoryMib,
  diskGib: diskBytes === null ? null : bytesToGib(BigInt(diskBytes)),
});

const quantitiesOf = ({ vms, vcpus, memoryMib, diskBytes }: Row<number>): Quantities => ({
  vms,
  vcpus,
  memoryMib,
  diskGib: bytesToGib(BigInt(diskBytes)),
});

const bigint = (value: number | null): bigint | null => (value === null ? null : BigInt(value));

const rowOf = ({ vms, vcpus, memoryMib, diskGib }: Limits) => ({
  vms: bigint(vms),
  vcpus: bigint(vcpus),
  memoryMib: bigint(memoryMib),
  diskBytes: diskGib === null ? null : BigInt(bytesOfGib(diskGib)),
});
