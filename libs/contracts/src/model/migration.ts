import { z } from 'zod';
import { HostImage } from './host.js';
import { Uuid } from './scalars.js';
import { PoolName } from './volume.js';

/** Why a VM can't be moved to another host: `reason` in the details of VM_NOT_MIGRATABLE. */
export const MIGRATION_REFUSALS = [
  'SAME_HOST',
  'FIRMWARE_STATE',
  'SNAPSHOTS',
  'VOLUMES',
  'CDROM',
  'NO_DISK',
  'DRIVER',
  'DEVICES',
  'ACCELERATION',
  'NO_ADDRESS',
  'DISK',
  'PATHS',
] as const;
export const MigrationRefusal = z.enum(MIGRATION_REFUSALS);
export type MigrationRefusal = z.infer<typeof MigrationRefusal>;

const AbsolutePath = z.string().startsWith('/').max(1_023);

/** Of the disk that a VM has where it is. */
export const MigratedDisk = z
  .object({
    imageId: Uuid,
    imageSha256: HostImage.shape.sha256,
    isLinked: z.boolean().describe('It reads from its image; false: it was made independent of it'),
    capacityBytes: z.int().positive().describe('What the guest sees'),
    usedBytes: z.int().nonnegative().describe('What its file takes up'),
  })
  .meta({ id: 'MigratedDisk', description: 'The disk of a VM that is moved to another host' });
export type MigratedDisk = z.infer<typeof MigratedDisk>;

/** What the host that a VM leaves knows of it. */
export const MigrationSource = z
  .object({
    storageId: Uuid.describe('Of the storage that its disks are on; two hosts that name the same share it'),
    virtType: z.enum(['kvm', 'qemu']).describe('What its guest is started with'),
    disk: MigratedDisk,
    hasSeed: z.boolean().describe('Its definition has a disk for cloud-init'),
  })
  .meta({ id: 'MigrationSource', description: 'What the host that a VM leaves knows of it' });
export type MigrationSource = z.infer<typeof MigrationSource>;

/** Where a VM is to be at the host that it goes to. */
export const MigrationTarget = z
  .object({
    storageId: Uuid,
    libvirtUri: z.string().min(1).max(1_023).describe('How the daemon of the other host reaches the one of this'),
    memoryUri: z.string().max(1_023).nullable().describe('Where memory goes; null: as libvirt chooses'),
    disksUri: z.string().max(1_023).nullable().describe('Where disks go; null: as libvirt chooses'),
    diskPath: AbsolutePath,
    agentSocketPath: AbsolutePath,
    screenSocketPath: AbsolutePath,
    consoleLogPath: AbsolutePath.nullable(),
    seedPath: AbsolutePath.nullable().describe('null: there is none, and its drive is empty'),
  })
  .meta({ id: 'MigrationTarget', description: 'Where a VM is to be at the host that it goes to' });
export type MigrationTarget = z.infer<typeof MigrationTarget>;

/** No more can have a name at a VM. */
const MAX_VOLUMES = 25;

/** Of a volume that goes with the VM that it is attached to. */
export const MigratedVolume = z
  .object({
    volumeId: Uuid,
    poolName: PoolName.describe(
      'Where it is; the other host has it in its pool of that name, or in the one that every host has',
    ),
    storageId: Uuid.describe('Of the storage that it is on'),
    capacityBytes: z.int().positive().describe('What the guest sees'),
    usedBytes: z.int().nonnegative().describe('What its file takes up'),
  })
  .meta({ id: 'MigratedVolume', description: 'A volume that goes to another host with its VM' });
export type MigratedVolume = z.infer<typeof MigratedVolume>;

/** Where a volume is to be at the host that it goes to. */
export const VolumeThere = z
  .object({
    volumeId: Uuid,
    poolName: PoolName,
    storageId: Uuid.describe('Of the storage of that pool'),
    path: AbsolutePath,
  })
  .meta({ id: 'VolumeThere', description: 'Where a volume is to be at the host that it goes to' });
export type VolumeThere = z.infer<typeof VolumeThere>;

export const SourceWithVolumes = MigrationSource.extend({
  volumes: z.array(MigratedVolume).max(MAX_VOLUMES).describe('Those that are attached to it'),
}).meta({ id: 'SourceWithVolumes', description: 'What the host that a VM leaves knows of it and of its volumes' });
export type SourceWithVolumes = z.infer<typeof SourceWithVolumes>;

export const TargetWithVolumes = MigrationTarget.extend({
  volumes: z.array(VolumeThere).max(MAX_VOLUMES).describe('Every one that comes with it'),
}).meta({ id: 'TargetWithVolumes', description: 'Where a VM and its volumes are to be at the host that it goes to' });
export type TargetWithVolumes = z.infer<typeof TargetWithVolumes>;

/**
 * What has become of a VM at the host that it leaves. UNDER_WAY: it is still there, and being moved. STAYED: it is there, and
 * nothing moves it. LEFT: libvirt has moved it. GONE: it is not there, and nobody saw it leave.
 */
export const Departure = z.enum(['UNDER_WAY', 'STAYED', 'LEFT', 'GONE']);
export type Departure = z.infer<typeof Departure>;
