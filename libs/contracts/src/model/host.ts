import { z } from 'zod';
import { DomainPower } from './vm.js';
import { Uuid } from './scalars.js';

export const HostCapabilities = z
  .object({
    driver: z.string().describe("libvirt's driver: QEMU or Test"),
    virtType: z.enum(['kvm', 'qemu', 'test']),
    nwfilter: z.boolean().describe('false: packet filters cannot be applied on this host'),
    guestChannel: z.boolean().describe('false: no guest agent can be heard on this host'),
    libvirtVersion: z.string(),
    hypervisorVersion: z.string(),
  })
  .meta({ id: 'HostCapabilities' });
export type HostCapabilities = z.infer<typeof HostCapabilities>;

export const HostImage = z
  .object({
    imageId: Uuid,
    name: z.string().min(1).max(120),
    version: z.string().min(1).max(64),
    osFamily: z.string().max(32),
    format: z.enum(['qcow2', 'raw']),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    virtualSizeBytes: z.int().positive(),
    minMemoryMib: z.int().positive(),
  })
  .meta({ id: 'HostImage', description: 'A checked image that is present on a host' });
export type HostImage = z.infer<typeof HostImage>;

export const HostInventory = z
  .object({
    hostId: Uuid,
    hostname: z.string().max(255),
    cpus: z.int().positive(),
    memoryMib: z.int().positive(),
    memoryFreeMib: z.int().nonnegative(),
    capabilities: HostCapabilities,
    images: z.array(HostImage).max(1_000),
  })
  .meta({ id: 'HostInventory' });
export type HostInventory = z.infer<typeof HostInventory>;

export const ObservedVm = z
  .object({ vmId: Uuid, power: DomainPower, reason: z.string().max(64) })
  .meta({ id: 'ObservedVm', description: 'A VM as libvirt has it' });
export type ObservedVm = z.infer<typeof ObservedVm>;

export const DISK_PROBLEM_CODES = [
  'DISK_MISSING',
  'DISK_REPLACED',
  'DISK_DAMAGED',
  'IMAGE_MISSING',
  'IMAGE_REPLACED',
  'STORAGE_UNAVAILABLE',
] as const;

export const DiskProblem = z
  .object({
    code: z.enum(DISK_PROBLEM_CODES),
    message: z.string().max(500).describe('For people: what was expected and what was found. Holds no path.'),
  })
  .meta({ id: 'DiskProblem', description: 'Why a VM must not run on what is in the place of its disk' });
export type DiskProblem = z.infer<typeof DiskProblem>;
