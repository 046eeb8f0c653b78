import { z } from 'zod';
import { CpuSet } from './cpu-set.js';

export const HugePageSize = z.enum(['MIB_2', 'GIB_1']);
export type HugePageSize = z.infer<typeof HugePageSize>;

/** MiB of one page. */
export const HUGE_PAGE_MIB: Readonly<Record<HugePageSize, number>> = { MIB_2: 2, GIB_1: 1_024 };

/** Pages that all of a VM's memory is of, which is locked then; NONE: what its host gives as its guest touches it. */
export const HugePages = z.enum([...HugePageSize.options, 'NONE']);
export type HugePages = z.infer<typeof HugePages>;

/** libvirt's number of a NUMA node of a host, which the kernel gives. */
const HostNodeId = z.int().min(0).max(1_023);

export const MAX_GUEST_NODES = 16;
export const MAX_PINNED_VCPUS = 512;

export const GuestNumaNode = z
  .object({
    vcpus: CpuSet.describe('Numbers of its vCPUs, from 0 on: each of maxVcpus is in one node'),
    memoryMib: z.int().min(1).max(16_777_216).describe('That of all nodes is maxMemoryMib'),
    hostNode: HostNodeId.nullable().describe('The node of the host that its memory is of, alone; null: any'),
  })
  .meta({ id: 'GuestNumaNode', description: 'vCPUs and memory that are near to each other, as a guest sees it' });
export type GuestNumaNode = z.infer<typeof GuestNumaNode>;

export const VmTuning = z
  .object({
    hugePages: HugePages,
    cpuPinning: z
      .array(CpuSet)
      .max(MAX_PINNED_VCPUS)
      .describe('CPUs of the host that vCPUs may run on: one set for all, or one for each of maxVcpus; none: any'),
    numaNodes: z
      .array(GuestNumaNode)
      .max(MAX_GUEST_NODES)
      .describe('In the order of their numbers; none: the guest sees one'),
  })
  .meta({ id: 'VmTuning', description: 'Which memory and CPUs of its host a VM has' });
export type VmTuning = z.infer<typeof VmTuning>;

/** As every VM was before there was a choice, and is where nothing is said. */
export const NOT_TUNED: VmTuning = { hugePages: 'NONE', cpuPinning: [], numaNodes: [] };

export const HugePagePool = z
  .object({ size: HugePageSize, total: z.int().nonnegative(), free: z.int().nonnegative() })
  .meta({ id: 'HugePagePool', description: 'Huge pages of one size, in pages' });
export type HugePagePool = z.infer<typeof HugePagePool>;

export const HostNode = z
  .object({
    id: HostNodeId,
    cpus: z.array(z.int().nonnegative()).max(8_192).describe('Numbers of its logical CPUs that run'),
    memoryMib: z.int().nonnegative().describe('With its huge pages'),
    hugePages: z
      .array(HugePagePool)
      .max(HugePageSize.options.length)
      .describe('Each size at most once; one that is not named the host does not have'),
  })
  .meta({ id: 'HostNode', description: 'A NUMA node of a host; one without NUMA is a single node' });
export type HostNode = z.infer<typeof HostNode>;

export const HostTuning = z
  .object({ nodes: z.array(HostNode).max(1_024).describe('None: VMs there have no choice') })
  .meta({ id: 'HostTuning', description: 'Memory and CPUs of a host that VMs can be given' });
export type HostTuning = z.infer<typeof HostTuning>;
