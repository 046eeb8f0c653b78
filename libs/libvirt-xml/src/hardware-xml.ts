import type { BootDevice, VmFirmware, VmHardware } from '@infinibay/contracts';
import { domainName } from './names.js';
import { attribute, tags } from './read-markup.js';
import { element, type XmlElement } from './xml-element.js';

/** libvirt's names of the boards. */
export const MACHINE_NAMES: Readonly<Record<VmHardware['machine'], string>> = { PC: 'pc', Q35: 'q35' };

const BOOT_NAMES: Readonly<Record<BootDevice, string>> = { DISK: 'hd', NETWORK: 'network', CDROM: 'cdrom' };

/** Ports of Q35 for what has a port of its own: disk, cards, serial ports and 25 volumes; libvirt makes none for later. */
export const Q35_PORTS = 32;

const VARIABLES: Readonly<Record<Exclude<VmFirmware, 'BIOS'>, string>> = {
  UEFI: 'uefi',
  UEFI_SECURE_BOOT: 'secure-boot',
};

/** Firmware that keeps variables. */
export type UefiFirmware = keyof typeof VARIABLES;
export const UEFI_FIRMWARES = Object.keys(VARIABLES) as UefiFirmware[];

/**
 * Name of the file with a VM's variables of UEFI. Each firmware has its own: one with the keys of Secure Boot comes from
 * another template, and a file that is there is never made anew.
 */
export const variablesFileName = (vmId: string, firmware: UefiFirmware): string =>
  `${domainName(vmId)}.${VARIABLES[firmware]}.fd`;

interface Board {
  readonly hardware: VmHardware;
  /** libvirt's name of the machine type. */
  readonly machine: string;
  readonly variablesPath: string | undefined;
}

/** The host's firmware is chosen by what it can, not by its path, which differs from distribution to distribution. */
export const osElement = ({ hardware, machine, variablesPath }: Board): XmlElement => {
  const isUefi = hardware.firmware !== 'BIOS';
  return element(
    'os',
    isUefi ? { firmware: 'efi' } : {},
    element('type', { arch: 'x86_64', machine }, 'hvm'),
    isUefi ? secureBootFeatures(hardware.firmware === 'UEFI_SECURE_BOOT') : undefined,
    isUefi && variablesPath !== undefined ? element('nvram', {}, variablesPath) : undefined,
    ...hardware.bootOrder.map((device) => element('boot', { dev: BOOT_NAMES[device] })),
  );
};

const secureBootFeatures = (isSecure: boolean): XmlElement => {
  const enabled = isSecure ? 'yes' : 'no';
  return element(
    'firmware',
    {},
    element('feature', { enabled, name: 'enrolled-keys' }),
    element('feature', { enabled, name: 'secure-boot' }),
  );
};

/** Secure Boot keeps its variables from the guest by system management mode. */
export const featuresElement = ({ firmware }: VmHardware): XmlElement =>
  element(
    'features',
    {},
    element('acpi'),
    element('apic'),
    firmware === 'UEFI_SECURE_BOOT' ? element('smm', { state: 'on' }) : undefined,
  );

/** @param nodes that its guest sees; undefined: one @returns undefined: what the emulator chooses */
export const cpuElement = (
  { cpuModel }: VmHardware,
  virtType: string,
  nodes: XmlElement | undefined,
): XmlElement | undefined => {
  const passedThrough = element('cpu', { mode: 'host-passthrough', migratable: 'on' }, nodes);
  if (cpuModel === 'HOST_PASSTHROUGH' || (cpuModel === 'DEFAULT' && virtType === 'kvm')) return passedThrough;
  // Without a model libvirt takes the emulator's choice.
  if (cpuModel === 'DEFAULT') return nodes === undefined ? undefined : element('cpu', {}, nodes);
  if (cpuModel === 'HOST_MODEL') return element('cpu', { mode: 'host-model' }, nodes);
  if (cpuModel === 'MAXIMUM') return element('cpu', { mode: 'maximum' }, nodes);
  return element('cpu', { mode: 'custom', match: 'exact' }, element('model', { fallback: 'forbid' }, cpuModel), nodes);
};

/** What a board needs before anything is plugged in. */
export const boardDevices = ({ machine, tpm }: VmHardware): XmlElement[] => [
  ...(machine === 'Q35' ? expressPorts() : []),
  ...(tpm ? [element('tpm', { model: 'tpm-crb' }, element('backend', { type: 'emulator', version: '2.0' }))] : []),
];

const expressPorts = (): XmlElement[] => [
  element('controller', { type: 'pci', index: 0, model: 'pcie-root' }),
  ...Array.from({ length: Q35_PORTS }, (_none, port) =>
    element('controller', { type: 'pci', index: port + 1, model: 'pcie-root-port' }),
  ),
];

/** Whether a domain is defined on the board Q35, whichever version of it libvirt has made of that. */
export const isOnQ35 = (domainXml: string): boolean =>
  attribute(tags(domainXml, 'type')[0], 'machine')?.includes('q35') === true;
