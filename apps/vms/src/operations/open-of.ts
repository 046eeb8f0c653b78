import type { Prisma } from '../generated/prisma/client.js';

/** The open operation of a VM, volume or image, by whose id; or one of several that are open on it. */
export type OpenOf = string | { readonly operationId: string };

export const isOpen = { status: { in: ['PENDING', 'RUNNING'] } } satisfies Prisma.OperationWhereInput;

export const openOf = (of: OpenOf): Prisma.OperationWhereInput => ({
  ...(typeof of === 'string' ? { resourceId: of } : { id: of.operationId }),
  ...isOpen,
});

/** How a step of it stands. */
export type StepChange = Prisma.OperationStepUpdateManyMutationInput;
