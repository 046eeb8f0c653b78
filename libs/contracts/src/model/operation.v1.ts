import { z } from 'zod';

/** The kinds of operations that version 1 of operation.updated was published with. It never gets another. */
export const OperationKindV1 = z.enum(['CREATE_VM', 'START_VM', 'SHUTDOWN_VM', 'FORCE_OFF_VM', 'DELETE_VM']);
export type OperationKindV1 = z.infer<typeof OperationKindV1>;
