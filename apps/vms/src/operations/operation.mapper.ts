import {
  isCancellable,
  isCancellableOnImage,
  isCancellableOnVolume,
  isKind,
  knownOperationKind,
} from '@infinibay/vms-domain';
import type { Prisma } from '../generated/prisma/client.js';
import type { Operation } from './operation.model.js';

export const withSteps = { steps: { orderBy: { position: 'asc' } } } as const satisfies Prisma.OperationInclude;
export type OperationRow = Prisma.OperationGetPayload<{ include: typeof withSteps }>;

export const toOperation = (row: OperationRow): Operation => ({
  id: row.id,
  kind: knownOperationKind(row.kind),
  status: row.status,
  progressPercent: progressOf(row),
  steps: row.steps.map(({ name, status, attempts, errorCode, startedAt, finishedAt }) => ({
    name,
    status,
    attempts,
    errorCode,
    startedAt,
    finishedAt,
  })),
  errorCode: row.errorCode,
  errorMessage: row.errorMessage,
  correlationId: row.correlationId,
  createdAt: row.createdAt,
  startedAt: row.startedAt,
  finishedAt: row.finishedAt,
  resourceKind: row.resourceKind,
  resourceId: row.resourceId,
  actorId: row.actorId,
  isCancellable: mayBeCancelled(row),
});

/** It is open, of one VM, volume or image, and of a kind that can be taken back. A drain is of a host. */
export const mayBeCancelled = ({
  kind,
  status,
  resourceKind,
}: Pick<OperationRow, 'kind' | 'status' | 'resourceKind'>): boolean => {
  if (status !== 'PENDING' && status !== 'RUNNING') return false;
  if (isKind(kind)) return resourceKind === 'vm' && isCancellable(kind);
  return isCancellableOnVolume(kind) || isCancellableOnImage(kind);
};

export const progressOf = (operation: {
  status: string;
  progressPercent: number | null;
  steps: readonly { status: string }[];
}): number => {
  if (operation.status === 'SUCCEEDED') return 100;
  if (operation.progressPercent !== null) return operation.progressPercent;
  const done = operation.steps.filter((step) => step.status === 'SUCCEEDED' || step.status === 'SKIPPED').length;
  return Math.floor((100 * done) / Math.max(1, operation.steps.length));
};
