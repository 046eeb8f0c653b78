import { z } from 'zod';

/** What starts a guest's boot loader. */
export const VmFirmware = z.enum(['BIOS', 'UEFI', 'UEFI_SECURE_BOOT']);
export type VmFirmware = z.infer<typeof VmFirmware>;

/** The board that QEMU plays: i440FX with PCI, or Q35 with PCI Express. */
export const VmMachine = z.enum(['PC', 'Q35']);
export type VmMachine = z.infer<typeof VmMachine>;

export const BootDevice = z.enum(['DISK', 'NETWORK', 'CDROM']);
export type BootDevice = z.infer<typeof BootDevice>;

/**
 * libvirt's name of a model, or DEFAULT: the host's own CPU under KVM, what the emulator chooses otherwise; HOST_MODEL:
 * libvirt's copy of the host's; HOST_PASSTHROUGH: the host's own; MAXIMUM: all that the emulator can.
 */
export const CpuModel = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'must be DEFAULT, HOST_MODEL, HOST_PASSTHROUGH, MAXIMUM or a model');
export type CpuModel = z.infer<typeof CpuModel>;

export const VmHardware = z
  .object({
    firmware: VmFirmware,
    machine: VmMachine,
    cpuModel: CpuModel,
    tpm: z.boolean().describe('An emulated TPM 2.0'),
    bootOrder: z.array(BootDevice).min(1).max(3).describe('Each at most once; what is not named is not booted from'),
  })
  .meta({ id: 'VmHardware', description: 'What a VM is made of beside its sizes, disks and cards' });
export type VmHardware = z.infer<typeof VmHardware>;

/** As every VM was before there was a choice, and is where nothing is said. */
export const PLAIN_HARDWARE: VmHardware = {
  firmware: 'BIOS',
  machine: 'PC',
  cpuModel: 'DEFAULT',
  tpm: false,
  bootOrder: ['DISK'],
};

export const HostHardware = z
  .object({
    machines: z
      .array(z.object({ machine: VmMachine, firmwares: z.array(VmFirmware).max(VmFirmware.options.length) }))
      .max(VmMachine.options.length)
      .describe('The boards, each with the firmware that the host has for it'),
    cpuModels: z.array(CpuModel).max(1_000).describe('Modes and names of models that guests can have there'),
    tpm: z.boolean().describe('Whether a TPM 2.0 can be emulated: swtpm is installed'),
  })
  .meta({ id: 'HostHardware', description: 'What VMs on a host can be made of' });
export type HostHardware = z.infer<typeof HostHardware>;
