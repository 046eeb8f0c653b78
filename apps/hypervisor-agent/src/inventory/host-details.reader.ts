import type { HostDetails, HostNumaCell } from '@infinibay/contracts';
import type { NodeInfo } from '@infinibay/libvirt';
import { capabilityFacts, type CapabilityFacts } from '@infinibay/libvirt-xml';
import { Inject, Injectable } from '@nestjs/common';
import { AccelerationService } from '../acceleration/acceleration.service.js';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { HostFactsReader } from '../host/host-facts.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import { InventoryService } from './inventory.service.js';
import { PciDeviceReader } from './pci-device.reader.js';

const BYTES_PER_MIB = 1_048_576;

/** Everything that libvirt tells of the host, read anew for each question. */
@Injectable()
export class HostDetailsReader {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly facts: HostFactsReader,
    private readonly inventory: InventoryService,
    private readonly acceleration: AccelerationService,
    private readonly pci: PciDeviceReader,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
  ) {}

  async read(): Promise<HostDetails> {
    const { hostname, memoryMib, capabilities } = await this.facts.get();
    const [node, xml, kvm, memoryFreeMib, pciDevices] = await Promise.all([
      this.hypervisor.use('read-node-info', (connection) => connection.nodeInfo()),
      this.hypervisor.use('read-capabilities', (connection) => connection.capabilities()),
      this.acceleration.get(),
      this.inventory.memoryFreeMib({ memoryMib, capabilities }),
      this.pci.list(capabilities.driver),
    ]);
    const described = capabilityFacts(xml);
    // A driver that knows no cells refuses to tell what is free of them.
    const freeOfCells = described.numaCells.length === 0 ? [] : await this.freeOfCells();
    return {
      hostId: this.config.HOST_ID,
      hostname,
      readAt: new Date().toISOString(),
      driver: capabilities.driver,
      libvirtVersion: capabilities.libvirtVersion,
      hypervisorVersion: capabilities.hypervisorVersion,
      kvm,
      cpu: { ...described.cpu, ...topologyOf(node) },
      memoryMib,
      memoryFreeMib,
      numaCells: cellsOf(described, freeOfCells),
      guestKinds: [...described.guestKinds],
      pciDevices,
    };
  }

  /** Free MiB of the cells in libvirt's order; empty where the driver doesn't tell. */
  private async freeOfCells(): Promise<readonly number[]> {
    try {
      const bytes = await this.hypervisor.use('read-numa-memory', ({ host }) => host.numaFreeMemory());
      return bytes.map((free) => Math.floor(free / BYTES_PER_MIB));
    } catch (error) {
      if (libvirtCodeOf(error) === 'NO_SUPPORT') return [];
      throw error;
    }
  }
}

const topologyOf = ({ mhz, cpus, sockets, cores, threads }: NodeInfo) => ({
  mhz,
  online: cpus,
  socketsPerCell: sockets,
  coresPerSocket: cores,
  threadsPerCore: threads,
});

const cellsOf = ({ numaCells }: CapabilityFacts, free: readonly number[]): HostNumaCell[] =>
  // Cells are numbered by their nodes, which may have holes; the numbers of free memory come in the same order.
  numaCells.map((cell, index) => ({ ...cell, memoryFreeMib: free[index] ?? null }));
