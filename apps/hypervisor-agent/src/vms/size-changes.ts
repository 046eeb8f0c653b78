import type { DomainSizes, VmSizes } from '@infinibay/contracts';
import type { Domain } from '@infinibay/libvirt';

const KIB = 1_024;

/** One call that gives a domain another size. */
export interface SizeChange {
  readonly what: string;
  readonly isDue: boolean;
  /** Of what is fixed while it runs. */
  readonly isOfRoom?: boolean;
  readonly make: (domain: Domain, timeoutMs: number) => Promise<void>;
}

const due = (changes: readonly SizeChange[]): SizeChange[] => changes.filter(({ isDue }) => isDue);

/** Bounds first: libvirt takes a size down with its bound, and refuses one above it. */
export const changesOfDefinition = (has: DomainSizes, want: VmSizes): SizeChange[] => {
  const [memory, maxMemory] = [want.memoryMib * KIB, want.maxMemoryMib * KIB];
  const isOtherBound = has.maxMemoryKib !== maxMemory;
  return due([
    {
      what: 'maxVcpus',
      isDue: has.maxVcpus !== want.maxVcpus,
      isOfRoom: true,
      make: (domain, timeoutMs) => domain.setVcpus(want.maxVcpus, { config: true, maximum: true, timeoutMs }),
    },
    {
      what: 'vcpus',
      isDue: has.vcpus !== want.vcpus,
      make: (domain, timeoutMs) => domain.setVcpus(want.vcpus, { config: true, timeoutMs }),
    },
    {
      what: 'maxMemory',
      isDue: isOtherBound,
      isOfRoom: true,
      make: (domain, timeoutMs) => domain.setMemory(maxMemory, { config: true, maximum: true, timeoutMs }),
    },
    {
      what: 'memory',
      // Another bound may have taken it along.
      isDue: has.memoryKib !== memory || isOtherBound,
      make: (domain, timeoutMs) => domain.setMemory(memory, { config: true, timeoutMs }),
    },
  ]);
};

/** What can be asked of a guest at all: nothing beyond the bounds that it was started with. */
export const changesOfRunning = (has: DomainSizes, want: VmSizes): SizeChange[] => {
  const memory = want.memoryMib * KIB;
  return due([
    {
      what: 'vcpus',
      isDue: has.vcpus !== want.vcpus && want.vcpus <= has.maxVcpus,
      make: (domain, timeoutMs) => domain.setVcpus(want.vcpus, { live: true, timeoutMs }),
    },
    {
      what: 'memory',
      isDue: has.memoryKib !== memory && memory <= has.maxMemoryKib,
      make: (domain, timeoutMs) => domain.setMemory(memory, { live: true, timeoutMs }),
    },
  ]);
};
