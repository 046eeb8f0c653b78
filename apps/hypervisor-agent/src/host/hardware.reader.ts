import { VmMachine, type HostHardware } from '@infinibay/contracts';
import type { LibvirtErrorCode } from '@infinibay/libvirt';
import { MACHINE_NAMES, domainCapabilityFacts, type DomainCapabilityFacts } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import { HostFactsReader } from './host-facts.js';

const ARCH = 'x86_64';

/** What libvirt says of a board that its emulator does not have. */
const NO_SUCH_BOARD: ReadonlySet<LibvirtErrorCode | undefined> = new Set<LibvirtErrorCode>([
  'INVALID_ARG',
  'CONFIG_UNSUPPORTED',
  'NO_SUPPORT',
]);

/** libvirt's test driver runs no guests: what they are made of makes no difference, and there is no choice. */
const OF_TEST_DRIVER: HostHardware = { machines: [{ machine: 'PC', firmwares: ['BIOS'] }], cpuModels: [], tpm: false };

/**
 * What VMs here can be made of. Asked anew each time; libvirt itself looks for firmware and swtpm once for each board, and
 * again when it is restarted or QEMU is another.
 */
@Injectable()
export class HardwareReader {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly host: HostFactsReader,
  ) {}

  async read(): Promise<HostHardware> {
    const { virtType } = await this.host.capabilities();
    if (virtType === 'test') return OF_TEST_DRIVER;
    const boards: { machine: VmMachine; facts: DomainCapabilityFacts }[] = [];
    for (const machine of VmMachine.options) {
      const facts = await this.factsOf(machine, virtType);
      if (facts !== undefined) boards.push({ machine, facts });
    }
    return {
      machines: boards.map(({ machine, facts }) => ({ machine, firmwares: [...facts.firmwares] })),
      // CPUs and the TPM are the emulator's, whatever the board.
      cpuModels: [...(boards[0]?.facts.cpuModels ?? [])],
      tpm: boards.some(({ facts }) => facts.tpm),
    };
  }

  /** undefined: there is no such board. */
  private async factsOf(machine: VmMachine, virtType: string): Promise<DomainCapabilityFacts | undefined> {
    try {
      const xml = await this.hypervisor.use('read-domain-capabilities', (connection) =>
        connection.domainCapabilities({ arch: ARCH, virtType, machine: MACHINE_NAMES[machine] }),
      );
      return domainCapabilityFacts(xml);
    } catch (error) {
      if (NO_SUCH_BOARD.has(libvirtCodeOf(error))) return undefined;
      throw error;
    }
  }
}
