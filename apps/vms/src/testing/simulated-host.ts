import type { HostHardware } from '@infinibay/contracts';

/** What the simulated host says that it can do. */
export const CAPABILITIES = {
  driver: 'Test',
  virtType: 'test',
  nwfilter: true,
  guestChannel: true,
  libvirtVersion: '9.0.0',
  hypervisorVersion: '0.0.2',
} as const;

/** What it says that its VMs can be made of. */
export const HARDWARE: HostHardware = {
  machines: [
    { machine: 'PC', firmwares: ['BIOS'] },
    { machine: 'Q35', firmwares: ['BIOS', 'UEFI', 'UEFI_SECURE_BOOT'] },
  ],
  cpuModels: ['HOST_MODEL', 'MAXIMUM', 'EPYC'],
  tpm: true,
};
