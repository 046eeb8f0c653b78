import { z } from 'zod';
import { Uuid } from './scalars.js';

/** What a file is to a disk. */
export const LAYER_ROLES = ['OWN', 'SNAPSHOT', 'IMAGE'] as const;

/** Snapshots of one file that are told of, the newest ones. */
export const MAX_SNAPSHOT_LAYERS = 32;
/** With the file that holds them, and the image below it. */
export const MAX_LAYERS = MAX_SNAPSHOT_LAYERS + 2;

export const DiskLayer = z
  .object({
    role: z
      .enum(LAYER_ROLES)
      .describe(
        'OWN: the file that was made for it. SNAPSHOT: what that file keeps of an earlier time, within itself. IMAGE: what is read where nothing was written',
      ),
    format: z.string().max(32).describe('qcow2 or raw'),
    virtualSizeBytes: z.int().nonnegative().nullable().describe('That a guest sees; null of a snapshot'),
    allocatedBytes: z.int().nonnegative().nullable().describe('That the file takes up; null of a snapshot'),
    imageId: Uuid.nullable().describe('Set of an image'),
    snapshotId: Uuid.nullable().describe('Set of a snapshot'),
    path: z.string().max(4_096).nullable().describe('On the host, for administrators alone; null of a snapshot'),
  })
  .meta({ id: 'DiskLayer', description: 'One of what a disk consists of, from the top' });
export type DiskLayer = z.infer<typeof DiskLayer>;
