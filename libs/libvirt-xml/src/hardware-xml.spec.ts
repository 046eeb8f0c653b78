import { describe, expect, it } from '@jest/globals';
import { PLAIN_HARDWARE, type VmHardware, type VmSpec } from '@infinibay/contracts';
import { domainXml, type DomainHostContext } from './domain-xml.js';
import { isOnQ35, variablesFileName } from './hardware-xml.js';

const VM = '0196f5a0-0000-7000-8000-000000000001';
const MAC = '52:54:00:12:34:56';
const host: DomainHostContext = {
  virtType: 'qemu',
  diskPath: '/disks/vm.qcow2',
  agentSocketPath: '/agents/vm/agent.sock',
  screenSocketPath: '/agents/vm/vnc/socket',
  fence: 3,
};
const spec: VmSpec = {
  vmId: VM,
  departmentId: VM,
  name: 'web-1',
  vcpus: 2,
  memoryMib: 256,
  nics: [{ portId: VM, networkId: VM, mac: MAC, address: '10.80.0.10', networkName: 'infinibay-n1' }],
  filterName: `infinibay-vm-${VM}`,
};
const inSlot = (fn: string): string => `<address type="pci" domain="0x0000" bus="0x00" slot="0x1e" function="${fn}"/>`;

/** As it was defined before there was a choice: guests that were installed find the machine that they had. */
const AS_ALWAYS = [
  `<domain type="qemu"><name>vm-${VM}</name><uuid>${VM}</uuid><title>web-1</title>`,
  '<metadata><infinibay:vm xmlns:infinibay="https://infinibay.org/libvirt/vm/1"',
  ` departmentId="${VM}" fence="3"/></metadata>`,
  '<memory unit="MiB">256</memory><vcpu placement="static">2</vcpu>',
  '<os><type arch="x86_64" machine="pc">hvm</type><boot dev="hd"/></os><features><acpi/><apic/></features>',
  '<clock offset="utc"/>',
  '<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>',
  '<pm><suspend-to-mem enabled="no"/><suspend-to-disk enabled="no"/></pm>',
  '<devices><disk type="file" device="disk"><driver name="qemu" type="qcow2" discard="unmap"/>',
  '<source file="/disks/vm.qcow2"/><target dev="vda" bus="virtio"/></disk>',
  '<controller type="usb" model="none"/><controller type="virtio-serial" index="0"/>',
  `<interface type="network"><mac address="${MAC}"/><source network="infinibay-n1"/><model type="virtio"/>`,
  `<filterref filter="infinibay-vm-${VM}"><parameter name="IP" value="10.80.0.10"/>`,
  `<parameter name="MAC" value="${MAC}"/></filterref><rom enabled="no"/></interface>`,
  '<channel type="unix"><source mode="bind" path="/agents/vm/agent.sock"/>',
  '<target type="virtio" name="org.infinibay.agent"/></channel>',
  '<serial type="pty"><target port="0"/></serial>',
  `<input type="tablet" bus="virtio">${inSlot('0x1')}</input>`,
  '<graphics type="vnc" sharePolicy="force-shared"><listen type="socket" socket="/agents/vm/vnc/socket"/></graphics>',
  '<video><model type="vga" vram="16384" heads="1" primary="yes"/>',
  '<address type="pci" domain="0x0000" bus="0x00" slot="0x1e" function="0x0" multifunction="on"/></video>',
  `<rng model="virtio"><backend model="random">/dev/urandom</backend>${inSlot('0x2')}</rng>`,
  `<memballoon model="virtio"><stats period="5"/>${inSlot('0x3')}</memballoon></devices></domain>`,
].join('');

describe('the hardware of a domain', () => {
  const xmlOf = (hardware: Partial<VmHardware>, context: Partial<DomainHostContext> = {}): string =>
    domainXml(spec, { ...host, hardware: { ...PLAIN_HARDWARE, ...hardware }, ...context });

  it('is as it always was, to the byte, where nothing else is said', () => {
    expect(domainXml(spec, host)).toBe(AS_ALWAYS);
    expect(xmlOf({})).toBe(AS_ALWAYS);
  });

  it.each<[VmHardware['firmware'], VmHardware['machine'], string, string]>([
    ['UEFI', 'PC', 'pc', 'no'],
    ['UEFI', 'Q35', 'q35', 'no'],
    ['UEFI_SECURE_BOOT', 'Q35', 'q35', 'yes'],
  ])('has %s on %s by what the firmware of the host can, with variables of its own', (firmware, machine, name, is) => {
    const xml = xmlOf({ firmware, machine }, { variablesPath: '/disks/vm.fd' });
    expect(/<os .*<\/os>/.exec(xml)?.[0]).toBe(
      `<os firmware="efi"><type arch="x86_64" machine="${name}">hvm</type><firmware>` +
        `<feature enabled="${is}" name="enrolled-keys"/><feature enabled="${is}" name="secure-boot"/></firmware>` +
        '<nvram>/disks/vm.fd</nvram><boot dev="hd"/></os>',
    );
    expect(xml.includes('<smm state="on"/>')).toBe(is === 'yes');
    expect(isOnQ35(xml)).toBe(machine === 'Q35');
  });

  it('names the variables by VM and firmware', () => {
    const names = [variablesFileName(VM, 'UEFI'), variablesFileName(VM, 'UEFI_SECURE_BOOT')];
    expect(names).toEqual([`vm-${VM}.uefi.fd`, `vm-${VM}.secure-boot.fd`]);
  });

  it.each<[VmHardware['cpuModel'], DomainHostContext['virtType'], string]>([
    ['DEFAULT', 'qemu', ''],
    ['DEFAULT', 'kvm', '<cpu mode="host-passthrough" migratable="on"/>'],
    ['HOST_PASSTHROUGH', 'kvm', '<cpu mode="host-passthrough" migratable="on"/>'],
    ['HOST_MODEL', 'kvm', '<cpu mode="host-model"/>'],
    ['MAXIMUM', 'qemu', '<cpu mode="maximum"/>'],
    ['EPYC-Milan', 'kvm', '<cpu mode="custom" match="exact"><model fallback="forbid">EPYC-Milan</model></cpu>'],
  ])('has the CPU %s under %s', (cpuModel, virtType, expected) => {
    expect(/<\/features>(.*)<clock/.exec(xmlOf({ cpuModel }, { virtType }))?.[1]).toBe(expected);
  });

  it('has an emulated TPM 2.0 where one is asked for', () => {
    const tpm = '<tpm model="tpm-crb"><backend type="emulator" version="2.0"/></tpm>';
    expect([xmlOf({ tpm: true }).includes(tpm), xmlOf({}).includes('<tpm')]).toEqual([true, false]);
  });

  it('boots in the order that is said, and gives cards their boot code only for that', () => {
    const xml = xmlOf({ bootOrder: ['NETWORK', 'CDROM', 'DISK'] });
    expect(xml).toContain('<boot dev="network"/><boot dev="cdrom"/><boot dev="hd"/></os>');
    expect([xml.includes('<rom '), xmlOf({ bootOrder: ['CDROM', 'DISK'] }).includes('<rom enabled="no"/>')]).toEqual([
      false,
      true,
    ]);
  });

  it('has a port of its own for each volume that comes to a running guest on Q35', () => {
    const ports = (xml: string) => xml.split('model="pcie-root-port"').length - 1;
    expect([ports(xmlOf({ machine: 'Q35' })), ports(xmlOf({}))]).toEqual([32, 0]);
  });
});
