import type { ActorRole, EventEnvelope } from '@infinibay/contracts';
import { databaseNow } from '@infinibay/platform-persistence';
import { DueTable } from '@infinibay/platform-work';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import { operationEvent } from '../operations/operation.repository.js';
import { withSteps } from '../operations/operation.mapper.js';
import type { DrainMode, Parameters } from '@infinibay/vms-domain';
import type { BulkKind } from './bulk.actions.js';
import type { BulkCounts } from './bulk-result.repository.js';

/** Looks at what became of them are a cheap read, and people watch. */
const LOOK_SECONDS = 1;
/** Whatever became of who took a row: taking it twice does nothing twice. */
const CLAIM_SECONDS = 10;

export interface BulkRequestKey {
  readonly operationId: string;
  readonly hostId: string;
}

/** What the operation of a request on many VMs may be about: itself, or the host that it drains. */
const RESOURCE_KINDS = { itself: 'bulk', host: 'host' } as const;

export const isOnMany = ({ resourceKind }: { readonly resourceKind: string }): boolean =>
  Object.values<string>(RESOURCE_KINDS).includes(resourceKind);

/** Whether it drains a host: it waits for VMs that are coming up there, since no more of them do. */
export const isDrain = ({ resourceKind }: { readonly resourceKind: string }): boolean =>
  resourceKind === RESOURCE_KINDS.host;

/** Whoever moves VMs asks for another kind of operation than who shuts them down. */
type DrainKind = 'SHUTDOWN_VM' | 'MIGRATE_VM';

/** What the request of a drain keeps of what was wanted. */
export const requestOf = (mode: DrainMode): { readonly kind: DrainKind; readonly said: Parameters } => ({
  kind: mode === 'SHUT_DOWN' ? 'SHUTDOWN_VM' : 'MIGRATE_VM',
  said: mode === 'MIGRATE_OR_SHUT_DOWN' ? { shutDownRest: true } : {},
});

/** The same from what it keeps. */
export const drainModeOf = (kind: string, { shutDownRest }: Parameters): DrainMode => {
  if (kind !== requestOf('MIGRATE').kind) return 'SHUT_DOWN';
  return shutDownRest === true ? 'MIGRATE_OR_SHUT_DOWN' : 'MIGRATE';
};

export interface NewBulkRequest {
  readonly id: string;
  /** The host that it drains; null: it is about no more than its VMs. */
  readonly drainedHostId: string | null;
  readonly kind: BulkKind | DrainKind;
  readonly departmentId: string;
  readonly actorId: string;
  readonly actorRole: ActorRole;
  readonly idempotencyKey: string;
  readonly correlationId: string;
  readonly parameters: Parameters;
}

/** Requests on many VMs, and the operations that tell of them. */
@Injectable()
export class BulkRequestRepository {
  /** Requests whose results are to be looked at. */
  readonly due: DueTable<BulkRequestKey>;

  constructor(private readonly database: PrismaClient) {
    this.due = new DueTable(database, {
      table: 'bulk_requests',
      key: { operationId: 'operation_id' },
      dueAt: 'due_at',
      claimSeconds: CLAIM_SECONDS,
    });
  }

  async add(tx: Transaction, { actorRole, drainedHostId, ...request }: NewBulkRequest): Promise<void> {
    const createdAt = await databaseNow(tx);
    const about =
      drainedHostId === null
        ? { resourceKind: RESOURCE_KINDS.itself, resourceId: request.id }
        : { resourceKind: RESOURCE_KINDS.host, resourceId: drainedHostId };
    const data = { ...request, parameters: { ...request.parameters }, ...about };
    await tx.operation.create({ data: { ...data, createdAt, progressPercent: 0 } });
    await tx.bulkRequest.create({ data: { operationId: request.id, actorRole, dueAt: createdAt } });
  }

  /** Its operation. */
  find(operationId: string): Promise<{ readonly kind: string; readonly correlationId: string } | null> {
    return this.database.operation.findUnique({
      where: { id: operationId },
      select: { kind: true, correlationId: true },
    });
  }

  /** Locks the request until the transaction ends. @returns false when it has ended, or is gone */
  async lock(tx: Transaction, operationId: string): Promise<boolean> {
    const rows = await tx.$queryRaw<unknown[]>`SELECT 1 FROM bulk_requests
      WHERE operation_id = ${operationId}::uuid AND due_at IS NOT NULL FOR UPDATE`;
    return rows.length > 0;
  }

  /** Shows how far the request has come; one of which every result has ended has ended too. */
  async show(tx: Transaction, operationId: string, counts: BulkCounts): Promise<EventEnvelope[]> {
    const before = await tx.operation.findUniqueOrThrow({ where: { id: operationId } });
    const { total, ended } = counts;
    const progressPercent = total === 0 ? 100 : Math.floor((100 * ended) / total);
    const now = await databaseNow(tx);
    const isOver = ended === total;
    const dueAt = isOver ? null : new Date(now.getTime() + LOOK_SECONDS * 1_000);
    await tx.bulkRequest.update({ where: { operationId }, data: { dueAt } });
    const isNews = isOver || before.status === 'PENDING' || before.progressPercent !== progressPercent;
    if (!isNews) return [];
    const status = isOver ? endOf(counts) : { status: 'RUNNING' as const };
    const data = { ...status, progressPercent, startedAt: before.startedAt ?? now, finishedAt: isOver ? now : null };
    return [operationEvent(await tx.operation.update({ where: { id: operationId }, data, include: withSteps }))];
  }
}

const endOf = ({ total, succeeded }: BulkCounts) => {
  if (succeeded === total) return { status: 'SUCCEEDED' as const };
  const errorMessage = `${String(total - succeeded)} of ${String(total)} virtual machines did not come to what was asked; see the results`;
  return { status: 'FAILED' as const, errorCode: 'BULK_INCOMPLETE', errorMessage };
};
