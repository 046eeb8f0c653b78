import { describe, expect, it } from '@jest/globals';
import { domainCapabilityFacts } from './domain-capabilities.js';

interface Host {
  readonly firmware?: string;
  readonly secure?: string;
  readonly backends?: string;
  readonly versions?: string;
}

const values = (...all: readonly string[]): string => all.map((one) => `<value>${one}</value>`).join('');
const listed = (name: string, inside: string): string =>
  inside === '' ? `<enum name='${name}'/>` : `<enum name='${name}'>${inside}</enum>`;

/** As libvirt 9.0 writes it, without what nobody reads. */
const capabilities = ({ firmware = '', secure = values('no'), backends = '', versions = '' }: Host = {}): string => `
<domainCapabilities><path>/usr/bin/qemu-system-x86_64</path><domain>qemu</domain><machine>pc-q35-7.2</machine><arch>x86_64</arch>
  <os supported='yes'>${listed('firmware', firmware)}
    <loader supported='yes'><value>/usr/share/OVMF/OVMF_CODE_4M.fd</value>${listed('type', values('rom', 'pflash'))}
      ${listed('readonly', values('yes', 'no'))}${listed('secure', secure)}</loader></os>
  <cpu>
    <mode name='host-passthrough' supported='no'/>
    <mode name='maximum' supported='yes'>${listed('maximumMigratable', values('on', 'off'))}</mode>
    <mode name='host-model' supported='yes'><model fallback='forbid'>EPYC-Milan</model><feature policy='require' name='acpi'/></mode>
    <mode name='custom' supported='yes'><model usable='yes' vendor='unknown'>qemu64</model>
      <model usable='no' vendor='Intel'>Skylake-Server</model><model usable='yes' vendor='AMD'>EPYC</model></mode></cpu>
  <devices><disk supported='yes'>${listed('bus', values('virtio'))}</disk>
    <tpm supported='yes'>${listed('model', values('tpm-tis', 'tpm-crb'))}${listed('backendModel', backends)}
      ${listed('backendVersion', versions)}</tpm></devices></domainCapabilities>`;

describe(domainCapabilityFacts.name, () => {
  it('tells the firmware that the host has for the board', () => {
    const firmwares = (host: Host) => domainCapabilityFacts(capabilities(host)).firmwares;
    expect(firmwares({})).toEqual(['BIOS']);
    expect(firmwares({ firmware: values('efi') })).toEqual(['BIOS', 'UEFI']);
    expect(firmwares({ firmware: values('efi'), secure: values('yes', 'no') })).toEqual([
      'BIOS',
      'UEFI',
      'UEFI_SECURE_BOOT',
    ]);
  });

  it('tells the modes and models that a guest can have, and not the one that stands for the host', () => {
    expect(domainCapabilityFacts(capabilities()).cpuModels).toEqual(['HOST_MODEL', 'MAXIMUM', 'qemu64', 'EPYC']);
  });

  it('tells a TPM 2.0 only where one can be emulated', () => {
    const tpm = (host: Host) => domainCapabilityFacts(capabilities(host)).tpm;
    expect(tpm({ backends: values('passthrough') })).toBe(false);
    expect(tpm({ backends: values('passthrough', 'emulator') })).toBe(true);
    expect(tpm({ backends: values('emulator'), versions: values('1.2', '2.0') })).toBe(true);
    expect(tpm({ backends: values('emulator'), versions: values('1.2') })).toBe(false);
  });

  it('tells BIOS and nothing else of what it does not understand', () => {
    expect(domainCapabilityFacts('<domainCapabilities/>')).toEqual({ firmwares: ['BIOS'], cpuModels: [], tpm: false });
  });
});
