import { CpuModel, type VmFirmware } from '@infinibay/contracts';
import { attribute, elements, tags, textOf, unescaped } from './read-markup.js';

/** What guests of one board can be made of. */
export interface DomainCapabilityFacts {
  readonly firmwares: readonly VmFirmware[];
  /** Modes and models that a guest can have, as VmHardware has them. */
  readonly cpuModels: readonly string[];
  readonly tpm: boolean;
}

/** libvirt's names of what is no model. */
const MODES = [
  ['host-model', 'HOST_MODEL'],
  ['host-passthrough', 'HOST_PASSTHROUGH'],
  ['maximum', 'MAXIMUM'],
] as const;

/** Reads what `virConnectGetDomainCapabilities` answered for a board. */
export const domainCapabilityFacts = (xml: string): DomainCapabilityFacts => {
  const os = elements(xml, 'os')[0] ?? '';
  const tpm = elements(xml, 'tpm')[0] ?? '';
  const versions = valuesOf(tpm, 'backendVersion');
  return {
    firmwares: firmwaresOf(os),
    cpuModels: cpuModelsOf(elements(xml, 'cpu')[0] ?? ''),
    // libvirt names the emulator only where it has found swtpm; older ones name no versions.
    tpm: valuesOf(tpm, 'backendModel').includes('emulator') && (versions.length === 0 || versions.includes('2.0')),
  };
};

const firmwaresOf = (os: string): VmFirmware[] => {
  if (!valuesOf(os, 'firmware').includes('efi')) return ['BIOS'];
  return valuesOf(os, 'secure').includes('yes') ? ['BIOS', 'UEFI', 'UEFI_SECURE_BOOT'] : ['BIOS', 'UEFI'];
};

const cpuModelsOf = (cpu: string): string[] => {
  const isSupported = (name: string): boolean =>
    tags(cpu, 'mode').some((tag) => attribute(tag, 'name') === name && attribute(tag, 'supported') === 'yes');
  const modes = MODES.filter(([name]) => isSupported(name)).map(([, said]) => said);
  const custom = elements(cpu, 'mode').find((mode) => attribute(tags(mode, 'mode')[0], 'name') === 'custom') ?? '';
  const models = elements(custom, 'model')
    .filter((model) => attribute(tags(model, 'model')[0], 'usable') === 'yes')
    .map((model) => unescaped(textOf(model, 'model') ?? ''));
  return [...modes, ...new Set(models.filter((name) => CpuModel.safeParse(name).success))];
};

/** The values that an enumeration of this name has; one that has none closes itself. */
const valuesOf = (xml: string, name: string): string[] => {
  const found = elements(xml, 'enum').find((one) => attribute(tags(one, 'enum')[0], 'name') === name) ?? '';
  return elements(found, 'value').map((value) => unescaped(textOf(value, 'value') ?? ''));
};
