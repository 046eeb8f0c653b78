import type { Parameters } from '@infinibay/vms-domain';
import { z } from 'zod';

/** As a row has them: one that another version wrote and that makes no sense is left out. */
const storedParameters = z.object({
  timeoutSeconds: z.number().positive().optional().catch(undefined),
  force: z.boolean().optional().catch(undefined),
  volumeId: z.uuid().optional().catch(undefined),
  deleteVolumes: z.boolean().optional().catch(undefined),
  snapshotId: z.uuid().optional().catch(undefined),
  disksOnly: z.boolean().optional().catch(undefined),
  acceptUnfinishedRevert: z.boolean().optional().catch(undefined),
  start: z.boolean().optional().catch(undefined),
  discardSavedMemory: z.boolean().optional().catch(undefined),
  acceptUnbootable: z.boolean().optional().catch(undefined),
  purgeAfterSeconds: z.number().positive().optional().catch(undefined),
  departmentId: z.uuid().optional().catch(undefined),
  networkId: z.uuid().optional().catch(undefined),
  ownerId: z.uuid().optional().catch(undefined),
  portNetworkId: z.uuid().optional().catch(undefined),
  hostId: z.uuid().optional().catch(undefined),
  shutDownRest: z.boolean().optional().catch(undefined),
  retries: z.string().optional().catch(undefined),
});

/** What was said of how an operation is to be done. */
export const parametersIn = (stored: unknown): Parameters => storedParameters.parse(stored);
