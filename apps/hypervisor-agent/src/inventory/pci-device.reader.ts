import type { HostPciDevice } from '@infinibay/contracts';
import { pciDeviceOf } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { Hypervisor } from '../hypervisor/hypervisor.js';

/** The host's PCI devices, as libvirt lists them. */
@Injectable()
export class PciDeviceReader {
  constructor(private readonly hypervisor: Hypervisor) {}

  /** @returns null where the driver has no devices of a host, which only the test driver hasn't */
  async list(driver: string): Promise<HostPciDevice[] | null> {
    if (driver.toLowerCase() === 'test') return null;
    const devices = await this.hypervisor.use('list-node-devices', ({ nodeDevices }) =>
      nodeDevices.list({ capabilities: ['pci'] }),
    );
    // A device may go between the list and the look at it.
    const descriptions = await Promise.all(
      devices.map((device) => this.hypervisor.find('read-node-device', 'NO_NODE_DEVICE', () => device.xmlDesc())),
    );
    return descriptions.flatMap((xml) => (xml === undefined ? [] : (pciDeviceOf(xml) ?? [])));
  }
}
