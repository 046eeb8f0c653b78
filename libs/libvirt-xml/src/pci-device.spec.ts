import { HostPciDevice } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import { pciDeviceOf } from './pci-device.js';

describe(pciDeviceOf.name, () => {
  it('tells where a device is, what it is and who holds it', () => {
    const device = pciDeviceOf(`<device><name>pci_0000_3b_1f_7</name><path>/sys/devices/pci0000:3a/0000:3b:1f.7</path>
      <parent>pci_0000_3a_00_0</parent><driver><name>vfio-pci</name></driver>
      <capability type='pci'><class>0x030200</class><domain>0</domain><bus>59</bus><slot>31</slot><function>7</function>
        <product id='0x20b5'>A100 &amp; more</product><vendor id='0x10de'>NVIDIA Corporation</vendor>
        <capability type='virt_functions' maxCount='16'/><iommuGroup number='42'><address domain='0x0000' bus='0x3b' slot='0x1f' function='0x7'/></iommuGroup>
        <numa node='1'/></capability></device>`);
    expect(HostPciDevice.parse(device)).toEqual({
      address: '0000:3b:1f.7',
      class: '030200',
      vendorId: '10de',
      productId: '20b5',
      vendor: 'NVIDIA Corporation',
      product: 'A100 & more',
      driver: 'vfio-pci',
      iommuGroup: 42,
      numaCell: 1,
    });
  });

  it('says of a device that nobody knows or holds what there is', () => {
    const device = pciDeviceOf(`<device><name>pci_0000_00_01_0</name><capability type='pci'><class>0xffff00</class>
      <domain>0</domain><bus>0</bus><slot>1</slot><function>0</function><product id='0x1045'/><vendor id='0x1af4'/></capability></device>`);
    expect(HostPciDevice.parse(device)).toMatchObject({
      address: '0000:00:01.0',
      productId: '1045',
      vendor: null,
      product: null,
      driver: null,
      iommuGroup: null,
      numaCell: null,
    });
  });

  it('passes over what is no PCI device', () => {
    expect(pciDeviceOf(`<device><name>computer</name><capability type='system'/></device>`)).toBeUndefined();
  });
});
