import { departmentWhere, type DepartmentScope } from '@infinibay/access-domain';
import type { Page } from '@infinibay/platform-graphql';
import { databaseNow } from '@infinibay/platform-persistence';
import { DueTable, nextAttempt } from '@infinibay/platform-work';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { BulkResult as ResultRow, BulkResultStatus, Prisma } from '../generated/prisma/client.js';

/** Taken twice, a row asks for the same by the same key. */
const CLAIM_SECONDS = 10;
/** A cheap look at one row, less often the longer it is waited for. */
const LOOK_AGAIN_MS = { least: 1_000, most: 10_000, ofAge: 0.1 } as const;
const NO_HOST = '00000000-0000-0000-0000-000000000000';

export interface BulkResultKey {
  readonly operationId: string;
  readonly position: number;
  readonly hostId: string;
}

/** A VM that is meant; without a department when who asked can see no such VM. */
export interface BulkTarget {
  readonly vmId: string;
  readonly known: { readonly departmentId: string; readonly hostId: string } | null;
  /** It is not asked at all, for this. */
  readonly refusal?: Refusal;
}

/** What ends a VM's part in a request. */
export const BULK_ENDS = ['succeeded', 'refused', 'failed', 'superseded'] as const;

/** How many results there are, and how they ended. */
export type BulkCounts = Readonly<Record<'total' | 'ended' | (typeof BULK_ENDS)[number], number>>;

export const NOTHING_ENDED: BulkCounts = { total: 0, ended: 0, succeeded: 0, refused: 0, failed: 0, superseded: 0 };

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

const withRequest = { request: { include: { operation: true } } } as const satisfies Prisma.BulkResultInclude;
export type PendingResult = Prisma.BulkResultGetPayload<{ include: typeof withRequest }> & {
  /** How long ago the request was accepted. */
  readonly ageMs: number;
};

/** What became of each VM of a request on many. */
@Injectable()
export class BulkResultRepository {
  /** VMs that were not asked yet. */
  readonly due: DueTable<BulkResultKey>;

  constructor(private readonly database: PrismaClient) {
    this.due = new DueTable(database, {
      table: 'bulk_results',
      key: { operationId: 'operation_id', position: 'position' },
      dueAt: 'due_at',
      claimSeconds: CLAIM_SECONDS,
    });
  }

  /**
   * Those that are known and not refused become due in their order.
   * @param notFound of those that are not known
   */
  async add(tx: Transaction, operationId: string, targets: readonly BulkTarget[], notFound: Refusal): Promise<void> {
    const now = (await databaseNow(tx)).getTime();
    await tx.bulkResult.createMany({
      data: targets.map(({ vmId, known, refusal }, position) => {
        const result = { operationId, position, vmId };
        if (known === null) return { ...result, hostId: NO_HOST, ...refused(notFound) };
        return {
          ...result,
          ...known,
          ...(refusal === undefined ? { dueAt: new Date(now + position) } : refused(refusal)),
        };
      }),
    });
  }

  /** One that was not asked yet; null: it was. */
  async findPending({ operationId, position }: BulkResultKey): Promise<PendingResult | null> {
    const where = { operationId, position, status: 'PENDING' } as const;
    const row = await this.database.bulkResult.findFirst({ where, include: withRequest });
    if (row === null) return null;
    const now = (await databaseNow(this.database)).getTime();
    return { ...row, ageMs: now - row.request.operation.createdAt.getTime() };
  }

  /**
   * Also when another instance was refused: it was slower than it may be, and asked at the same time.
   * @returns false: it was accepted already, or is not wanted any more
   */
  async markAccepted(
    { operationId, position }: BulkResultKey,
    acceptedOperationId: string,
    tx: Transaction = this.database,
  ): Promise<boolean> {
    const { count } = await tx.bulkResult.updateMany({
      where: { operationId, position, status: { in: ['PENDING', 'REFUSED'] } },
      data: { status: 'ACCEPTED', acceptedOperationId, errorCode: null, errorMessage: null, dueAt: null },
    });
    return count > 0;
  }

  /** There was nothing to be asked: it is as it shall be. */
  async markSucceeded({ operationId, position }: BulkResultKey): Promise<void> {
    await this.database.bulkResult.updateMany({
      where: { operationId, position, status: 'PENDING' },
      data: { status: 'SUCCEEDED', errorCode: null, errorMessage: null, dueAt: null },
    });
  }

  async markRefused({ operationId, position }: BulkResultKey, refusal: Refusal): Promise<void> {
    await this.database.bulkResult.updateMany({
      where: { operationId, position, status: 'PENDING' },
      data: refused(refusal),
    });
  }

  /** It is not ready to be asked, and will be. What it waits for is shown meanwhile. */
  async wait({ operationId, position }: BulkResultKey, { code, message }: Refusal, ageMs: number): Promise<void> {
    const { least, most, ofAge } = LOOK_AGAIN_MS;
    const afterMs = Math.min(most, Math.max(least, ageMs * ofAge));
    const dueAt = new Date((await databaseNow(this.database)).getTime() + afterMs);
    await this.database.bulkResult.updateMany({
      where: { operationId, position, status: 'PENDING' },
      data: { dueAt, errorCode: code, errorMessage: message },
    });
  }

  /** What the drains of a host have not asked yet is not asked any more. */
  async endDrains(tx: Transaction, hostId: string): Promise<void> {
    await tx.$executeRaw`UPDATE bulk_results AS r
      SET status = 'SUPERSEDED', error_code = NULL, error_message = NULL, due_at = NULL
      FROM operations AS o
      WHERE o.resource_kind = 'host' AND o.resource_id = ${hostId}::uuid AND o.status IN ('PENDING', 'RUNNING')
        AND r.operation_id = o.id AND r.status = 'PENDING'`;
  }

  /** Whether others of the request come before it that were not looked at yet, or wait for nothing but their turn. */
  async isLaterThan({ operationId, position }: BulkResultKey, turn: Refusal): Promise<boolean> {
    const waits = { OR: [{ errorMessage: null }, { errorMessage: turn.message }] };
    const where = { operationId, position: { lt: position }, status: 'PENDING' as const, attempts: 0, ...waits };
    return (await this.database.bulkResult.findFirst({ where, select: { position: true } })) !== null;
  }

  /** It could not be asked now, and is again later. @returns how often it was tried */
  async again({ operationId, position }: BulkResultKey): Promise<number> {
    const [row] = await this.database.$queryRawUnsafe<{ attempts: number }[]>(
      `UPDATE bulk_results SET attempts = attempts + 1, due_at = ${nextAttempt('attempts')}
       WHERE operation_id = $1::uuid AND position = $2::int AND status = 'PENDING' RETURNING attempts`,
      operationId,
      position,
    );
    return row?.attempts ?? 0;
  }

  /** Takes over how the operations on the VMs ended. */
  async collect(tx: Transaction, operationId: string): Promise<BulkCounts> {
    await tx.$executeRaw`UPDATE bulk_results AS r
      SET status = o.status::text::"BulkResultStatus", error_code = o.error_code, error_message = o.error_message
      FROM operations AS o
      WHERE r.operation_id = ${operationId}::uuid AND r.status = 'ACCEPTED' AND o.id = r.accepted_operation_id
        AND o.status IN ('SUCCEEDED', 'FAILED', 'SUPERSEDED')`;
    const [counts] = await tx.$queryRaw<BulkCounts[]>`
      SELECT count(*)::int AS total, count(*) FILTER (WHERE status NOT IN ('PENDING', 'ACCEPTED'))::int AS ended,
        count(*) FILTER (WHERE status = 'SUCCEEDED')::int AS succeeded,
        count(*) FILTER (WHERE status = 'REFUSED')::int AS refused,
        count(*) FILTER (WHERE status = 'FAILED')::int AS failed,
        count(*) FILTER (WHERE status = 'SUPERSEDED')::int AS superseded
      FROM bulk_results WHERE operation_id = ${operationId}::uuid`;
    return counts ?? NOTHING_ENDED;
  }

  /** In the order in which the VMs were named. One more than the page has, when there is more. */
  async page(ofRequest: ReadableResults, { first, after }: Page): Promise<ResultRow[]> {
    const last =
      after === undefined
        ? null
        : await this.database.bulkResult.findFirst({ where: { operationId: ofRequest.operationId, vmId: after } });
    if (after !== undefined && last === null) return [];
    return this.database.bulkResult.findMany({
      where: { AND: [whereOf(ofRequest), last === null ? {} : { position: { gt: last.position } }] },
      orderBy: { position: 'asc' },
      take: first + 1,
    });
  }

  count(ofRequest: ReadableResults): Promise<number> {
    return this.database.bulkResult.count({ where: whereOf(ofRequest) });
  }
}

/** Of which request, for whom, and which of them; null: all. */
export interface ReadableResults {
  readonly operationId: string;
  readonly scope: DepartmentScope;
  readonly statuses: readonly BulkResultStatus[] | null;
}

const whereOf = ({ operationId, scope, statuses }: ReadableResults): Prisma.BulkResultWhereInput => ({
  operationId,
  ...(statuses === null ? {} : { status: { in: [...statuses] } }),
  // What the reader named and could not see tells nothing. Prisma takes an alternative without a condition for one that never holds.
  ...(scope.all ? {} : { OR: [{ departmentId: null }, departmentWhere(scope)] }),
});

const refused = ({ code, message }: Refusal) => ({
  status: 'REFUSED' as const,
  errorCode: code,
  errorMessage: message,
  dueAt: null,
});
