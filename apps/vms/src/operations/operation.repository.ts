import { OperationKindV1, operationUpdated, operationUpdatedV2, type EventEnvelope } from '@infinibay/contracts';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { databaseNow, newEvent } from '@infinibay/platform-persistence';
import {
  IMAGE_OPERATIONS,
  VOLUME_OPERATIONS,
  WISHING_KINDS,
  doneFor,
  operationKind,
  stepsOf,
  taskOf,
  type ImageOperationKind,
  type ImageStep,
  type OperationKind,
  type Parameters,
  type Step,
  type VolumeOperationKind,
  type VolumeStep,
} from '@infinibay/vms-domain';
import { departmentWhere, type DepartmentScope } from '@infinibay/access-domain';
import type { Page } from '@infinibay/platform-graphql';
import { Injectable } from '@nestjs/common';
import type { Histogram } from 'prom-client';
import { PrismaClient, type Transaction } from '../database.js';
import type { Prisma } from '../generated/prisma/client.js';
import type { OperationFilter } from './operation.inputs.js';
import { progressOf, withSteps, type OperationRow } from './operation.mapper.js';
import { isOpen, openOf, type OpenOf, type StepChange } from './open-of.js';
import { parametersIn } from './stored-parameters.js';

interface Asked {
  readonly id: string;
  readonly departmentId: string;
  readonly actorId: string;
  readonly idempotencyKey: string;
  readonly correlationId: string;
}

export interface NewOperation extends Asked {
  readonly kind: OperationKind;
  readonly vmId: string;
  /** What was said of how it is to be done. */
  readonly parameters: Parameters;
}

export interface NewVolumeOperation extends Asked {
  readonly kind: VolumeOperationKind;
  readonly volumeId: string;
}

export interface NewImageOperation extends Asked {
  readonly kind: ImageOperationKind;
  readonly imageId: string;
}

/** Ages are told by the database's clock: since it was asked for, or since the host of its VM got the image that it lacked. */
export interface OpenOperation {
  readonly id: string;
  readonly kind: OperationKind;
  /** What is done for it: its kind, or what it does again. */
  readonly does: OperationKind;
  /** Who asked for it. */
  readonly actorId: string;
  readonly ageMs: number;
  /** Since when its step is being done; null when none is. */
  readonly stepAgeMs: number | null;
  /** Steps that were begun, whatever became of them. */
  readonly begun: readonly string[];
  /** Steps that were recorded to be done. */
  readonly done: readonly string[];
  readonly parameters: Parameters;
  /** Somebody wants it to be taken back. */
  readonly isCancelRequested: boolean;
}

/** Of a volume or an image. */
export interface OpenRequest {
  readonly id: string;
  readonly ageMs: number;
  readonly correlationId: string;
  /** Somebody wants it to be taken back. */
  readonly isCancelRequested: boolean;
}

type SqlReader = Pick<Transaction, '$queryRaw'>;

@Injectable()
export class OperationRepository {
  private readonly taskDurations: Histogram<'kind' | 'outcome'>;

  constructor(
    private readonly database: PrismaClient,
    metrics: MetricsRegistry,
  ) {
    this.taskDurations = metrics.histogram(
      'infinibay_vm_task_seconds',
      'Time from the acceptance of what is done once to a VM (a reboot) to its end, however it ends',
      ['kind', 'outcome'],
    );
  }

  /** Adds the operation with its steps; whatever was open for the VM is superseded. */
  async add(tx: Transaction, operation: NewOperation): Promise<EventEnvelope[]> {
    const { parameters, ...data } = operation;
    const about = { resourceKind: 'vm', resourceId: operation.vmId, parameters: { ...parameters } };
    return this.replace(tx, { ...data, ...about }, stepsOf(operation.kind, parameters));
  }

  /** The same for a volume. */
  async addOfVolume(tx: Transaction, { volumeId, ...data }: NewVolumeOperation): Promise<EventEnvelope[]> {
    return this.replace(tx, { ...data, resourceKind: 'volume', resourceId: volumeId }, VOLUME_OPERATIONS[data.kind]);
  }

  /** The same for an image. */
  async addOfImage(tx: Transaction, { imageId, ...data }: NewImageOperation): Promise<EventEnvelope[]> {
    return this.replace(tx, { ...data, resourceKind: 'image', resourceId: imageId }, IMAGE_OPERATIONS[data.kind]);
  }

  /** The same beside what else is open on it: an image goes to several hosts at once. */
  async addOfCopy(tx: Transaction, { imageId, ...data }: NewImageOperation): Promise<EventEnvelope[]> {
    const about = { resourceKind: 'image', resourceId: imageId };
    return [await this.insert(tx, { ...data, ...about }, IMAGE_OPERATIONS[data.kind])];
  }

  private async replace(
    tx: Transaction,
    operation: Omit<Prisma.OperationUncheckedCreateInput, 'steps' | 'createdAt'>,
    steps: readonly string[],
  ): Promise<EventEnvelope[]> {
    return [...(await this.closeOpen(tx, operation.resourceId, 'SUPERSEDED')), await this.insert(tx, operation, steps)];
  }

  private async insert(
    tx: Transaction,
    operation: Omit<Prisma.OperationUncheckedCreateInput, 'steps' | 'createdAt'>,
    steps: readonly string[],
  ): Promise<EventEnvelope> {
    const row = await tx.operation.create({
      data: {
        ...operation,
        createdAt: await databaseNow(tx),
        steps: { create: steps.map((name, position) => ({ name, position })) },
      },
      include: withSteps,
    });
    return operationEvent(row);
  }

  /** Ends the open operations of a VM, volume or image in one way. */
  async closeOpen(
    tx: Transaction,
    of: OpenOf,
    status: 'SUCCEEDED' | 'FAILED' | 'SUPERSEDED',
    failure?: { code: string; message: string },
  ): Promise<EventEnvelope[]> {
    const open = await tx.operation.findMany({ where: openOf(of), select: { id: true } });
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
      this.countTask(row);
      events.push(operationEvent(row));
    }
    return events;
  }

  /** Records how a step of the open operation of a VM, volume or image stands; none is open: nothing. */
  async markStep(
    tx: Transaction,
    of: OpenOf,
    step: Step | VolumeStep | ImageStep,
    change: StepChange,
  ): Promise<EventEnvelope[]> {
    const open = await tx.operation.findFirst({
      where: openOf(of),
      orderBy: { createdAt: 'desc' },
      select: { id: true, startedAt: true },
    });
    if (open === null) return [];
    await tx.operationStep.updateMany({ where: { operationId: open.id, name: step }, data: change });
    const row = await tx.operation.update({
      where: { id: open.id },
      data: {
        status: 'RUNNING',
        startedAt: open.startedAt ?? (await databaseNow(tx)),
        ...(change.status === 'SUCCEEDED' ? { progressPercent: null } : {}),
      },
      include: withSteps,
    });
    return [operationEvent(row)];
  }

  /** A step of the open operation of a VM that turned out to be needed, before all others. */
  async addStep(tx: Transaction, vmId: string, name: Step): Promise<void> {
    const where = openOf(vmId);
    const open = await tx.operation.findFirst({ where, orderBy: { createdAt: 'desc' }, include: withSteps });
    if (open === null || open.steps.some((one) => one.name === name)) return;
    const position = Math.min(0, ...open.steps.map((one) => one.position)) - 1;
    await tx.operationStep.create({ data: { operationId: open.id, name, position } });
  }

  /** Whether a step of the open operation is recorded as being done. */
  async isUnderWay(tx: Transaction, of: OpenOf, step: Step | VolumeStep | ImageStep): Promise<boolean> {
    const where = { name: step, status: 'RUNNING' as const, operation: openOf(of) };
    return (await tx.operationStep.count({ where })) > 0;
  }

  /** How much of the step that is being done is; of what all its steps are. The end of the step takes its place. */
  async showProgress(tx: Transaction, of: OpenOf, percentOfStep: number): Promise<EventEnvelope[]> {
    const open = await tx.operation.findFirst({ where: openOf(of), include: withSteps });
    if (open === null) return [];
    const progressPercent = Math.floor(percentOfStep / Math.max(1, open.steps.length));
    if (progressPercent === open.progressPercent) return [];
    const row = await tx.operation.update({ where: { id: open.id }, data: { progressPercent }, include: withSteps });
    return [operationEvent(row)];
  }

  /** A retry of a task is one more of that. */
  private countTask({ resourceKind, status, createdAt, finishedAt, ...row }: OperationRow): void {
    const kind = resourceKind === 'vm' ? doneFor(operationKind(row.kind), parametersIn(row.parameters)) : null;
    if (finishedAt === null || kind === null || taskOf(kind) === null) return;
    const seconds = (finishedAt.getTime() - createdAt.getTime()) / 1_000;
    this.taskDurations.observe({ kind, outcome: status.toLowerCase() }, seconds);
  }

  /** Steps that turned out not to be needed. */
  private async skipRest(tx: Transaction, operationId: string): Promise<void> {
    await tx.operationStep.updateMany({
      where: { operationId, status: { in: ['PENDING', 'RUNNING'] } },
      data: { status: 'SKIPPED' },
    });
  }

  findOpen(resourceId: string): Promise<OperationRow | null> {
    return this.database.operation.findFirst({
      where: { resourceId, ...isOpen },
      orderBy: { createdAt: 'desc' },
      include: withSteps,
    });
  }

  /** null: none is open. */
  async openId(tx: Transaction, resourceId: string): Promise<string | null> {
    const open = await tx.operation.findFirst({ where: { resourceId, ...isOpen }, select: { id: true } });
    return open?.id ?? null;
  }

  /** Who is waited for with a volume or an image; null: nobody. */
  async openRequest(resourceId: string): Promise<OpenRequest | null> {
    const [row] = await this.database.$queryRaw<OpenRequest[]>`
      SELECT id, correlation_id AS "correlationId", cancel_requested_at IS NOT NULL AS "isCancelRequested",
        (extract(epoch FROM now() - created_at) * 1000)::float8 AS "ageMs"
      FROM operations WHERE resource_id = ${resourceId}::uuid AND status IN ('PENDING', 'RUNNING')
      ORDER BY created_at DESC LIMIT 1`;
    return row ?? null;
  }

  /** One that somebody waits for; null: it has ended. */
  async openById(id: string): Promise<OpenRequest | null> {
    const [row] = await this.database.$queryRaw<OpenRequest[]>`
      SELECT id, correlation_id AS "correlationId", cancel_requested_at IS NOT NULL AS "isCancelRequested",
        (extract(epoch FROM now() - created_at) * 1000)::float8 AS "ageMs"
      FROM operations WHERE id = ${id}::uuid AND status IN ('PENDING', 'RUNNING')`;
    return row ?? null;
  }

  /** The open operation of a VM; null: none is open. */
  async open(vmId: string, tx: SqlReader = this.database): Promise<OpenOperation | null> {
    const [row] = await tx.$queryRaw<
      (Omit<OpenOperation, 'kind' | 'does' | 'parameters'> & { kind: string; parameters: unknown })[]
    >`
      SELECT o.id, o.kind, o.parameters, o.actor_id AS "actorId",
        o.cancel_requested_at IS NOT NULL AS "isCancelRequested",
        (extract(epoch FROM now() - coalesce((SELECT s.finished_at FROM operation_steps AS s
         WHERE s.operation_id = o.id AND s.name = 'bring-image'), o.created_at)) * 1000)::float8 AS "ageMs",
        (SELECT (extract(epoch FROM now() - max(s.started_at)) * 1000)::float8 FROM operation_steps AS s
         WHERE s.operation_id = o.id AND s.status = 'RUNNING') AS "stepAgeMs",
        ARRAY(SELECT s.name FROM operation_steps AS s
         WHERE s.operation_id = o.id AND s.started_at IS NOT NULL) AS "begun",
        ARRAY(SELECT s.name FROM operation_steps AS s
         WHERE s.operation_id = o.id AND s.status = 'SUCCEEDED') AS "done"
      FROM operations AS o
      WHERE o.resource_kind = 'vm' AND o.resource_id = ${vmId}::uuid AND o.status IN ('PENDING', 'RUNNING')
      ORDER BY o.created_at DESC LIMIT 1`;
    if (row === undefined) return null;
    const [kind, parameters] = [operationKind(row.kind), parametersIn(row.parameters)];
    return { ...row, kind, does: doneFor(kind, parameters), parameters };
  }

  /** The newest operation that said what a VM shall be, or was to make it, and failed no earlier than that; null: none has. */
  async failedSince(
    tx: Transaction,
    vmId: string,
    since: Date,
  ): Promise<Pick<OpenOperation, 'kind' | 'parameters'> | null> {
    const about = { resourceKind: 'vm', resourceId: vmId, kind: { in: [...WISHING_KINDS] } };
    const row = await tx.operation.findFirst({
      where: { ...about, status: 'FAILED', finishedAt: { gte: since } },
      orderBy: { id: 'desc' },
    });
    return row === null ? null : { kind: operationKind(row.kind), parameters: parametersIn(row.parameters) };
  }

  /** The kinds of the operations that are open on the VMs of a host, by VM. */
  async openKinds(tx: Transaction, hostId: string): Promise<ReadonlyMap<string, string>> {
    const rows = await tx.operation.findMany({
      where: { resourceKind: 'vm', vm: { hostId }, ...isOpen },
      select: { resourceId: true, kind: true },
    });
    return new Map(rows.map(({ resourceId, kind }) => [resourceId, kind]));
  }

  /** It is to be taken back: who works on it sees that next. @returns false: it has ended */
  async requestCancel(tx: Transaction, id: string): Promise<boolean> {
    const cancelRequestedAt = await databaseNow(tx);
    const { count } = await tx.operation.updateMany({ where: { id, ...isOpen }, data: { cancelRequestedAt } });
    return count > 0;
  }

  find(id: string, scope: DepartmentScope): Promise<OperationRow | null> {
    return this.database.operation.findFirst({ where: { id, ...departmentWhere(scope) }, include: withSteps });
  }

  /** Newest first: ids are made in the order of time. One more than the page has, when there is more. */
  page(scope: DepartmentScope, filter: OperationFilter, page: Page): Promise<OperationRow[]> {
    const after = page.after === undefined ? {} : { id: { lt: page.after } };
    return this.database.operation.findMany({
      where: { AND: [departmentWhere(scope), whereOf(filter), after] },
      orderBy: { id: 'desc' },
      take: page.first + 1,
      include: withSteps,
    });
  }

  count(scope: DepartmentScope, filter: OperationFilter): Promise<number> {
    return this.database.operation.count({ where: { AND: [departmentWhere(scope), whereOf(filter)] } });
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
        SELECT id FROM operations WHERE resource_kind = 'vm' AND resource_id = v.id ORDER BY created_at DESC, id DESC LIMIT ${count}
      ) AS o`;
    const rows = await this.database.operation.findMany({
      where: { id: { in: newest.map((row) => row.id) } },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      include: withSteps,
    });
    return Map.groupBy(rows, (row) => row.resourceId);
  }
}

const whereOf = (filter: OperationFilter): Prisma.OperationWhereInput => ({
  ...(filter.departmentId === null ? {} : { departmentId: filter.departmentId }),
  ...(filter.resourceId === null ? {} : { resourceId: filter.resourceId }),
  ...(filter.requestedById === null ? {} : { actorId: filter.requestedById }),
  ...(filter.kinds === null ? {} : { kind: { in: filter.kinds } }),
  ...(filter.statuses === null ? {} : { status: { in: filter.statuses } }),
  createdAt: {
    ...(filter.from === null ? {} : { gte: filter.from }),
    ...(filter.until === null ? {} : { lt: filter.until }),
  },
});

/** The event that tells of an operation as it is now, in the oldest version that has words for it. */
export const operationEvent = (row: OperationRow): EventEnvelope => {
  // What is of several departments is of none.
  const departmentId = row.departmentId === row.actorId ? null : row.departmentId;
  const about = { departmentId, resource: { kind: 'operation', id: row.id } } as const;
  const facts = {
    operationId: row.id,
    status: row.status,
    step: row.steps.find((step) => step.status === 'RUNNING')?.name ?? null,
    progressPercent: progressOf(row),
    errorCode: row.errorCode,
  };
  const { resourceKind, resourceId } = row;
  const known = OperationKindV1.safeParse(row.kind);
  return known.success && resourceKind === 'vm'
    ? newEvent(operationUpdated, { ...about, data: { ...facts, kind: known.data, vmId: resourceId } })
    : newEvent(operationUpdatedV2, { ...about, data: { ...facts, kind: row.kind, resourceKind, resourceId } });
};
