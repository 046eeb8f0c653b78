import { z } from 'zod';

const MAX_VCPUS = 512;
const MAX_MEMORY_MIB = 16_777_216;

const vcpus = z.int().min(1).max(MAX_VCPUS);
const memoryMib = z.int().min(64).max(MAX_MEMORY_MIB);

/** How large a VM shall be, and up to where that may change while its guest runs. */
export const VmSizes = z
  .object({
    vcpus,
    maxVcpus: vcpus.describe('At least vcpus. Fixed while the guest runs'),
    memoryMib,
    maxMemoryMib: memoryMib.describe('At least memoryMib. Fixed while the guest runs, which may take all of it'),
  })
  .meta({ id: 'VmSizes', description: 'How large a VM shall be, and up to where that may change while it runs' });
export type VmSizes = z.infer<typeof VmSizes>;

const count = z.int().nonnegative();

/** Not what it shall be: somebody may have written anything into the domain. */
export const DomainSizes = z.object({ vcpus: count, maxVcpus: count, memoryKib: count, maxMemoryKib: count }).meta({
  id: 'DomainSizes',
  description: 'How large a domain is, as libvirt has it; what it leaves out is filled in',
});
export type DomainSizes = z.infer<typeof DomainSizes>;

export const ObservedSizes = z
  .object({
    definition: DomainSizes.nullable().describe('What the next start makes of it; null when nothing is defined'),
    live: DomainSizes.nullable().describe('What runs now; null when nothing does'),
  })
  .meta({ id: 'ObservedSizes', description: 'How large a VM is on its host' });
export type ObservedSizes = z.infer<typeof ObservedSizes>;
