import { nameKey } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { parseNetworkCidr, type Cidr } from '@infinibay/networks-domain';
import type { DepartmentScope } from '@infinibay/access-domain';
import { departmentWhere } from '@infinibay/access-domain';
import type { Page } from '@infinibay/platform-graphql';
import { Database, type Transaction } from '../database.js';
import type { Network } from '../generated/prisma/client.js';

export interface NewNetwork {
  readonly departmentId: string;
  readonly name: string;
  readonly cidr: string;
}

@Injectable()
export class NetworkRepository {
  constructor(private readonly database: Database) {}

  find(id: string): Promise<Network | null> {
    return this.database.network.findUnique({ where: { id } });
  }

  findReadable(ids: readonly string[], scope: DepartmentScope): Promise<Network[]> {
    return this.database.network.findMany({ where: { id: { in: [...ids] }, ...departmentWhere(scope) } });
  }

  oldestOf(departmentId: string): Promise<Network | null> {
    return this.database.network.findFirst({ where: { departmentId }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] });
  }

  /** The oldest of each department. */
  listOfDepartments(departmentIds: readonly string[], first: number): Promise<Network[]> {
    return Promise.resolve(
      this.database.$queryRawUnsafe<Network[]>(
        `SELECT n.id, n.department_id AS "departmentId", n.name, n.name_key AS "nameKey", n.cidr::text AS cidr, n.created_at AS "createdAt"
         FROM unnest($1::uuid[]) AS d (id)
         CROSS JOIN LATERAL (SELECT * FROM networks WHERE department_id = d.id ORDER BY id LIMIT $2::int) n
         ORDER BY n.id`,
        [...departmentIds],
        first,
      ),
    );
  }

  /** One row more than the page has, and the count of all. */
  async page(
    page: Page,
    scope: DepartmentScope,
    departmentId: string | undefined,
  ): Promise<{ rows: Network[]; totalCount: number }> {
    const where = { AND: [departmentWhere(scope), departmentId === undefined ? {} : { departmentId }] };
    const [rows, totalCount] = await Promise.all([
      this.database.network.findMany({
        where: page.after === undefined ? where : { ...where, id: { gt: page.after } },
        orderBy: { id: 'asc' },
        take: page.first + 1,
      }),
      this.database.network.count({ where }),
    ]);
    return { rows, totalCount };
  }

  /** Ranges are chosen one at a time: a second chooser waits until the first one's transaction ends. */
  async lockRanges(tx: Transaction): Promise<void> {
    await tx.$executeRawUnsafe(`SELECT pg_advisory_xact_lock(hashtext('networks.ranges'))`);
  }

  /** Existing ranges that share addresses with this one. */
  async overlapping(tx: Transaction, cidr: string): Promise<Cidr[]> {
    const rows = await tx.$queryRawUnsafe<{ cidr: string }[]>(
      `SELECT cidr::text AS cidr FROM networks WHERE cidr && $1::text::inet`,
      cidr,
    );
    return rows.map((row) => parseNetworkCidr(row.cidr));
  }

  /** What a department has already. */
  async usage(
    tx: Transaction,
    departmentId: string,
  ): Promise<{ readonly networks: number; readonly addresses: number }> {
    const [row] = await tx.$queryRawUnsafe<{ networks: number; addresses: number }[]>(
      `SELECT count(*)::int AS networks, coalesce(sum(2 ^ (32 - masklen(cidr))), 0)::float8 AS addresses
       FROM networks WHERE department_id = $1::uuid`,
      departmentId,
    );
    return row ?? { networks: 0, addresses: 0 };
  }

  async isNameTaken(tx: Transaction, departmentId: string, name: string): Promise<boolean> {
    return (await tx.network.count({ where: { departmentId, nameKey: nameKey(name) } })) > 0;
  }

  create(tx: Transaction, network: NewNetwork): Promise<Network> {
    return tx.network.create({ data: { ...network, nameKey: nameKey(network.name) } });
  }

  /** Keeps ports from being added or the network from being deleted until the transaction ends. */
  async lock(tx: Transaction, id: string): Promise<Network | null> {
    await tx.$executeRawUnsafe(`SELECT 1 FROM networks WHERE id = $1::uuid FOR NO KEY UPDATE`, id);
    return tx.network.findUnique({ where: { id } });
  }

  async hasPorts(tx: Transaction, networkId: string): Promise<boolean> {
    return (await tx.port.count({ where: { networkId } })) > 0;
  }

  async delete(tx: Transaction, id: string): Promise<void> {
    await tx.network.delete({ where: { id } });
  }
}
