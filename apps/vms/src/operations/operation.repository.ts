import { operationUpdated, type EventEnvelope, type OperationKind } from '@infinibay/contracts';
import { databaseNow, newEvent } from '@infinibay/platform-persistence';
import { stepsOf, TRANSITIONS } from '@infinibay/vms-domain';
import { departmentWhere, type DepartmentScope } from '@infinibay/access-domain';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import { progressOf, withSteps, type OperationRow } from './operation.mapper.js';

export interface NewOperation {
  readonly id: string;
  readonly kind: OperationKind;
  readonly vmId: string;
  readonly departmentId: string;
  readonly actorId: string;
  readonly idempotencyKey: string;
  readonly correlationId: string;
}

export interface OpenOperation {
  readonly id: string;
  readonly ageMs: number;
}

type SqlReader = Pick<Transaction, '$queryRaw'>;

@Injectable()
export class OperationRepository {
  constructor(private readonly database: PrismaClient) {}

  /** Adds the operation with its steps; whatever was open for the VM is superseded. */
  async add(tx: Transaction, operation: NewOperation): Promise<EventEnvelope[]> {
    const superseded = await this.closeOpen(tx, operation.vmId, 'SUPERSEDED');
    const row = await tx.operation.create({
      data: {
        ...operation,
        createdAt: await databaseNow(tx),
        steps: { create: stepsOf(TRANSITIONS[operation.kind].desired).map((name, position) => ({ name, position })) },
      },
      include: withSteps,
    });
    return [...superseded, operationEvent(row)];
  }

  /** Ends the open operations of a VM in one way. */
  async closeOpen(
    tx: Transaction,
    vmId: string,
    status: 'SUCCEEDED' | 'FAILED' | 'SUPERSEDED',
    failure?: { code: string; message: string },
  ): Promise<EventEnvelope[]> {
    const open = await tx.operation.findMany({
      where: { vmId, status: { in: ['PENDING', 'RUNNING'] } },
      select: { id: true },
    });
    const events: EventEnvelope[] = [];
    for (const { id } of open) {
      if (status === 'SUCCEEDED') await this.skipRest(tx, id);
      const row = await tx.operation.update({
        where: { id },
        data: {
          status,
          finishedAt: await databaseNow(tx),
          errorCode: failure?.code ?? null,
          errorMessage: failure?.message ?? null,
        },
        include: withSteps,
      });
      events.push(operationEvent(row));
    }
    return events;
  }

  /** Steps that turned out not to be needed. */
  private async skipRest(tx: Transaction, operationId: string): Promise<void> {
    await tx.operationStep.updateMany({
      where: { operationId, status: { in: ['PENDING', 'RUNNING'] } },
      data: { status: 'SKIPPED' },
    });
  }

  findOpen(vmId: string): Promise<OperationRow | null> {
    return this.database.operation.findFirst({
      where: { vmId, status: { in: ['PENDING', 'RUNNING'] } },
      orderBy: { createdAt: 'desc' },
      include: withSteps,
    });
  }

  /** The open operation of a VM, and how long ago it was accepted by the database's clock; null: none is open. */
  async ageOfOpen(vmId: string, tx: SqlReader = this.database): Promise<OpenOperation | null> {
    const [row] = await tx.$queryRaw<OpenOperation[]>`
      SELECT id, (extract(epoch FROM now() - created_at) * 1000)::float8 AS "ageMs" FROM operations
      WHERE vm_id = ${vmId}::uuid AND status IN ('PENDING', 'RUNNING') ORDER BY created_at DESC LIMIT 1`;
    return row ?? null;
  }

  find(id: string, scope: DepartmentScope): Promise<OperationRow | null> {
    return this.database.operation.findFirst({ where: { id, ...departmentWhere(scope) }, include: withSteps });
  }

  findMany(ids: readonly string[], scope: DepartmentScope): Promise<OperationRow[]> {
    return this.database.operation.findMany({
      where: { id: { in: [...ids] }, ...departmentWhere(scope) },
      include: withSteps,
    });
  }

  /** The newest operations of each VM, newest first. */
  async newestOf(vmIds: readonly string[], count: number): Promise<Map<string, OperationRow[]>> {
    const newest = await this.database.$queryRaw<{ id: string }[]>`
      SELECT o.id FROM unnest(${[...vmIds]}::uuid[]) AS v(id)
      CROSS JOIN LATERAL (
        SELECT id FROM operations WHERE vm_id = v.id ORDER BY created_at DESC, id DESC LIMIT ${count}
      ) AS o`;
    const rows = await this.database.operation.findMany({
      where: { id: { in: newest.map((row) => row.id) } },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      include: withSteps,
    });
    return Map.groupBy(rows, (row) => row.vmId);
  }
}

/** The event that tells of an operation as it is now. */
export const operationEvent = (row: OperationRow): EventEnvelope =>
  newEvent(operationUpdated, {
    departmentId: row.departmentId,
    resource: { kind: 'operation', id: row.id },
    data: {
      operationId: row.id,
      kind: row.kind,
      vmId: row.vmId,
      status: row.status,
      step: row.steps.find((step) => step.status === 'RUNNING')?.name ?? null,
      progressPercent: progressOf(row),
      errorCode: row.errorCode,
    },
  });
