import type { DepartmentScope } from '@infinibay/access-domain';
import type { Position, SortedPage } from '@infinibay/platform-graphql';
import { Injectable } from '@nestjs/common';
import { PrismaClient } from '../database.js';
import { Prisma } from '../generated/prisma/client.js';
import type { VmCriteria as Checked, VmSort, VmSortField } from './vm-list.inputs.js';
import { substringsToFind } from './vm-search.js';

/** Departments are part of the scope. */
export type VmCriteria = Omit<Checked, 'departmentIds'>;

interface Column {
  readonly sql: Prisma.Sql;
  readonly type: Prisma.Sql;
}

const column = (sql: string, type: string): Column => ({ sql: Prisma.raw(sql), type: Prisma.raw(type) });

/** As the indexes of the migration vm_lists have them. */
const COLUMNS: Readonly<Record<VmSortField, Column>> = {
  CREATED_AT: column('v.created_at', 'timestamptz'),
  NAME: column('v.name COLLATE "C"', 'text'),
  STATE: column('v.state', '"VmState"'),
  VCPUS: column('v.vcpus', 'int4'),
  MEMORY: column('v.memory_mib', 'int4'),
  DISK: column('v.disk_bytes', 'int8'),
  DEPARTMENT: column('v.department_id', 'uuid'),
};

type Cell = string | number | bigint | Date;

/** Pages and counts of living VMs. */
@Injectable()
export class VmListRepository {
  constructor(private readonly database: PrismaClient) {}

  /** One position more than asked for, when there is more. */
  async positions(
    scope: DepartmentScope,
    criteria: VmCriteria,
    sort: VmSort,
    page: SortedPage,
  ): Promise<readonly Position[]> {
    const rows = await this.database.$queryRaw<{ id: string; value: Cell }[]>(
      this.pageQuery(scope, criteria, sort, page),
    );
    return rows.map(({ id, value }) => ({ id, value: valueOf(value) }));
  }

  async count(scope: DepartmentScope, criteria: VmCriteria): Promise<number> {
    const [row] = await this.database.$queryRaw<{ count: number }[]>(this.countQuery(scope, criteria));
    return row?.count ?? 0;
  }

  pageQuery(scope: DepartmentScope, criteria: VmCriteria, sort: VmSort, page: SortedPage): Prisma.Sql {
    const { sql } = COLUMNS[sort.field];
    const direction = Prisma.raw(sort.direction);
    const where = Prisma.join([...conditions(scope, criteria), ...beyond(sort, page)], ' AND ');
    return Prisma.sql`SELECT v.id, ${sql} AS value FROM vms AS v WHERE ${where}
      ORDER BY ${sql} ${direction}, v.id ${direction} LIMIT ${page.first + 1}`;
  }

  countQuery(scope: DepartmentScope, criteria: VmCriteria): Prisma.Sql {
    return Prisma.sql`SELECT count(*)::int AS count FROM vms AS v
      WHERE ${Prisma.join([...conditions(scope, criteria)], ' AND ')}`;
  }
}

const valueOf = (cell: Cell): string | number => {
  if (cell instanceof Date) return cell.toISOString();
  return typeof cell === 'bigint' ? String(cell) : cell;
};

/** What comes after the last row that the client has: a comparison of rows reads on in the index. */
const beyond = ({ field, direction }: VmSort, { after }: SortedPage): Prisma.Sql[] => {
  if (after === undefined) return [];
  const { sql, type } = COLUMNS[field];
  const operator = Prisma.raw(direction === 'ASC' ? '>' : '<');
  return [Prisma.sql`(${sql}, v.id) ${operator} (${after.value}::${type}, ${after.id}::uuid)`];
};

const conditions = (scope: DepartmentScope, criteria: VmCriteria): Prisma.Sql[] => {
  const { namePrefix, ownerIds, hostIds, imageIds, templateIds, states, deletionScheduled } = criteria;
  return [
    Prisma.sql`v.state <> 'DELETED'`,
    ...oneOf('v.department_id', scope.all ? null : scope.departmentIds),
    ...oneOf('v.owner_id', ownerIds),
    ...oneOf('v.host_id', hostIds),
    ...oneOf('v.image_id', imageIds),
    ...oneOf('v.template_id', templateIds),
    ...oneOf('v.state', states, Prisma.raw('"VmState"')),
    ...(namePrefix === null ? [] : beginningWith(namePrefix)),
    ...(deletionScheduled === null ? [] : [deletionScheduled ? GOING : STAYING]),
    ...described(criteria),
  ];
};

const UUID = Prisma.raw('uuid');
const GOING = Prisma.sql`v.purge_at IS NOT NULL`;
const STAYING = Prisma.sql`v.purge_at IS NULL`;

/** One value alone is compared by `=`: only then does PostgreSQL read an index on in its order. */
const oneOf = (name: string, values: readonly string[] | null, type = UUID): Prisma.Sql[] => {
  if (values === null) return [];
  const [only] = values;
  return only !== undefined && values.length === 1
    ? [Prisma.sql`${Prisma.raw(name)} = ${only}::${type}`]
    : [Prisma.sql`${Prisma.raw(name)} = ANY(${[...values]}::${type}[])`];
};

/** Names are ASCII, and in the order of their bytes nothing is beyond `~`. */
const beginningWith = (prefix: string): Prisma.Sql[] => [
  Prisma.sql`v.name COLLATE "C" >= ${prefix}`,
  Prisma.sql`v.name COLLATE "C" < ${`${prefix}~`}`,
];

const described = ({ tagsAllOf, tagsAnyOf, text }: VmCriteria): Prisma.Sql[] => {
  const wanted = [
    ...(tagsAllOf === null ? [] : [Prisma.sql`m.tags @> ${tagsAllOf}::text[]`]),
    ...(tagsAnyOf === null ? [] : [Prisma.sql`m.tags && ${tagsAnyOf}::text[]`]),
    ...(text === null
      ? []
      : [
          Prisma.sql`m.substrings @> ${substringsToFind(text)}::int4[]`,
          Prisma.sql`strpos(m.search_text, ${text}) > 0`,
        ]),
  ];
  if (wanted.length === 0) return [];
  return [Prisma.sql`v.id IN (SELECT m.vm_id FROM vm_metadata AS m WHERE ${Prisma.join(wanted, ' AND ')})`];
};
