import { HUGE_PAGE_MIB, type HostNode, type HostTuning } from '@infinibay/contracts';
import type { LibvirtErrorCode } from '@infinibay/libvirt';
import { hostNodes, type HostNodeFacts } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import { HostFactsReader } from './host-facts.js';

const KIB_PER_MIB = 1_024;

/** libvirt's test driver runs no guests: there is nothing of the host that they could have. */
const OF_TEST_DRIVER: HostTuning = { nodes: [] };

/** What libvirt says where the kernel has no NUMA, or keeps it from this machine. */
const NOT_TOLD: ReadonlySet<LibvirtErrorCode | undefined> = new Set<LibvirtErrorCode>([
  'NO_SUPPORT',
  'OPERATION_INVALID',
  'OPERATION_FAILED',
  'INTERNAL_ERROR',
  'INVALID_ARG',
]);

/** The NUMA nodes of this host with their CPUs and huge pages, asked anew each time: pages come and go. */
@Injectable()
export class TuningReader {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly host: HostFactsReader,
  ) {}

  async read(): Promise<HostTuning> {
    const { virtType } = await this.host.capabilities();
    if (virtType === 'test') return OF_TEST_DRIVER;
    const xml = await this.hypervisor.use('read-capabilities', (connection) => connection.capabilities());
    const nodes: HostNode[] = [];
    for (const node of hostNodes(xml)) nodes.push(await this.withFree(node));
    return { nodes };
  }

  private async withFree({ id, cpus, memoryMib, hugePages }: HostNodeFacts): Promise<HostNode> {
    const sizesKib = hugePages.map(({ size }) => HUGE_PAGE_MIB[size] * KIB_PER_MIB);
    const free = sizesKib.length === 0 ? [] : await this.freePages(id, sizesKib);
    return {
      id,
      cpus,
      memoryMib,
      // Where nobody tells, none is free for certain.
      hugePages: hugePages.map((pool, index) => ({ ...pool, free: free[index] ?? 0 })),
    };
  }

  /** In the order of the sizes; none where libvirt does not tell. */
  private async freePages(firstNode: number, sizesKib: readonly number[]): Promise<readonly number[]> {
    try {
      const read = { firstNode, nodes: 1 };
      const [ofNode = []] = await this.hypervisor.use('read-free-pages', ({ host }) => host.freePages(sizesKib, read));
      return ofNode;
    } catch (error) {
      if (NOT_TOLD.has(libvirtCodeOf(error))) return [];
      throw error;
    }
  }
}
