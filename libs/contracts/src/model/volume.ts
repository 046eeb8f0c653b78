import { z } from 'zod';
import { Uuid } from './scalars.js';

/** Names that a data disk may have in a VM's definition; vda is the VM's own disk. */
export const VOLUME_TARGETS = Array.from({ length: 25 }, (_, index) => `vd${String.fromCharCode(98 + index)}`);

export const VolumeTarget = z
  .string()
  .regex(/^vd[b-z]$/, 'must be vdb to vdz')
  .describe("Name of the disk in the VM's definition; the guest may call it otherwise");

/** Why a volume must not be used. Codes of ERROR_CODES. */
export const VOLUME_PROBLEM_CODES = [
  'VOLUME_MISSING',
  'VOLUME_REPLACED',
  'VOLUME_DAMAGED',
  'STORAGE_UNAVAILABLE',
] as const;

export const VolumeProblem = z
  .object({
    code: z.enum(VOLUME_PROBLEM_CODES),
    message: z.string().max(500).describe('For people: what was expected and what was found. Holds no path.'),
  })
  .meta({ id: 'VolumeProblem', description: 'Why what is in the place of a volume must not be used' });
export type VolumeProblem = z.infer<typeof VolumeProblem>;

export const POOL_KINDS = ['dir'] as const;

/** The pool that each host has: the folder of its disks. */
export const DEFAULT_POOL = 'default';

export const PoolName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/)
  .describe('Of the pool on its host');

export const ObservedPool = z
  .object({
    name: PoolName,
    kind: z.enum(POOL_KINDS).describe('dir: a folder of files'),
    capacityBytes: z.int().nonnegative().describe('Of the file system that it is on'),
    availableBytes: z.int().nonnegative().describe('What may still be written'),
    problem: VolumeProblem.nullable().describe('Why nothing can be made in it now'),
  })
  .meta({ id: 'ObservedPool', description: 'A place for volumes on a host, as it is now' });
export type ObservedPool = z.infer<typeof ObservedPool>;

export const ObservedVolume = z
  .object({ volumeId: Uuid, allocationBytes: z.int().nonnegative().describe('What its file takes up') })
  .meta({ id: 'ObservedVolume' });
export type ObservedVolume = z.infer<typeof ObservedVolume>;

/** By which a guest tells the disk: the last 20 hexadecimal digits of the volume's id, as much as virtio shows. */
export const volumeSerial = (volumeId: string): string => volumeId.replaceAll('-', '').slice(-20);
