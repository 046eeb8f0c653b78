import { z } from 'zod';
import { Uuid } from './scalars.js';

export const HostCpu = z
  .object({
    arch: z.string().max(32).describe('e.g. x86_64'),
    model: z.string().max(128).nullable().describe("libvirt's name of the model; null where it knows none"),
    vendor: z.string().max(64).nullable(),
    features: z.array(z.string().max(64)).max(1_000).describe('What the CPU has beyond its model'),
    mhz: z.int().nonnegative().describe('0: unknown'),
    online: z.int().positive().describe('Logical CPUs that run'),
    socketsPerCell: z.int().positive(),
    coresPerSocket: z.int().positive(),
    threadsPerCore: z.int().positive(),
  })
  .meta({ id: 'HostCpu' });
export type HostCpu = z.infer<typeof HostCpu>;

export const HostNumaCell = z
  .object({
    id: z.int().nonnegative(),
    memoryMib: z.int().nonnegative(),
    memoryFreeMib: z.int().nonnegative().nullable().describe('null: the driver does not tell'),
    cpus: z.array(z.int().nonnegative()).max(8_192).describe('Numbers of its logical CPUs'),
    distances: z
      .array(z.object({ cellId: z.int().nonnegative(), distance: z.int().nonnegative() }))
      .max(1_024)
      .describe('As ACPI tells them: 10 is local. Empty: unknown'),
  })
  .meta({ id: 'HostNumaCell', description: 'CPUs and memory that are near to each other' });
export type HostNumaCell = z.infer<typeof HostNumaCell>;

export const HostMachineType = z
  .object({
    name: z.string().max(64),
    canonicalName: z.string().max(64).nullable().describe('What an alias such as `pc` stands for'),
    maxVcpus: z.int().positive().nullable(),
    deprecated: z.boolean(),
  })
  .meta({ id: 'HostMachineType' });
export type HostMachineType = z.infer<typeof HostMachineType>;

export const HostGuestKind = z
  .object({
    arch: z.string().max(32),
    virtTypes: z.array(z.string().max(32)).max(16).describe('What libvirt offers; see `kvm` for what works'),
    machineTypes: z.array(HostMachineType).max(1_000),
  })
  .meta({ id: 'HostGuestKind', description: 'Guests of one architecture that the host offers' });
export type HostGuestKind = z.infer<typeof HostGuestKind>;

export const HostKvm = z
  .object({
    works: z.boolean().describe('A guest was started with KVM and came to its end'),
    reason: z.string().max(600).nullable().describe('Why not'),
    checkedAt: z.iso.datetime(),
  })
  .meta({ id: 'HostKvm', description: 'Whether KVM works, found out by running a guest' });
export type HostKvm = z.infer<typeof HostKvm>;

export const HostPciDevice = z
  .object({
    address: z.string().regex(/^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/, 'must be a PCI address'),
    class: z.string().regex(/^[0-9a-f]{6}$/),
    vendorId: z.string().regex(/^[0-9a-f]{4}$/),
    productId: z.string().regex(/^[0-9a-f]{4}$/),
    vendor: z.string().max(200).nullable(),
    product: z.string().max(200).nullable(),
    driver: z.string().max(64).nullable().describe("The host's driver that holds it"),
    iommuGroup: z.int().nonnegative().nullable().describe('null: it cannot be given to a guest'),
    numaCell: z.int().nonnegative().nullable(),
  })
  .meta({ id: 'HostPciDevice' });
export type HostPciDevice = z.infer<typeof HostPciDevice>;

export const HostDetails = z
  .object({
    hostId: Uuid,
    hostname: z.string().max(255),
    readAt: z.iso.datetime(),
    driver: z.string().max(32).describe("libvirt's driver, e.g. QEMU"),
    libvirtVersion: z.string().max(32),
    hypervisorVersion: z.string().max(32),
    kvm: HostKvm,
    cpu: HostCpu,
    memoryMib: z.int().positive(),
    memoryFreeMib: z.int().nonnegative(),
    numaCells: z.array(HostNumaCell).max(1_024).describe('Empty: the driver does not tell'),
    guestKinds: z.array(HostGuestKind).max(64),
    pciDevices: z.array(HostPciDevice).max(4_096).nullable().describe('null: this host does not list them'),
  })
  .meta({ id: 'HostDetails', description: 'All that is known of a host; the heartbeat has what changes' });
export type HostDetails = z.infer<typeof HostDetails>;
