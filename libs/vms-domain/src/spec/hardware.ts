import {
  BootDevice,
  CpuModel,
  DomainError,
  PLAIN_HARDWARE,
  VmFirmware,
  VmMachine,
  type VmHardware,
} from '@infinibay/contracts';
import { z } from 'zod';

/** What a VM is made of when nothing is said. */
export const DEFAULT_HARDWARE = PLAIN_HARDWARE;

/** As it is kept: what is not there is as it is by default. */
export const KeptHardware = z
  .object({
    firmware: VmFirmware.default(DEFAULT_HARDWARE.firmware),
    machine: VmMachine.default(DEFAULT_HARDWARE.machine),
    cpuModel: CpuModel.default(DEFAULT_HARDWARE.cpuModel),
    tpm: z.boolean().default(DEFAULT_HARDWARE.tpm),
    bootOrder: z
      .array(BootDevice)
      .min(1)
      .max(BootDevice.options.length)
      .default(() => [...DEFAULT_HARDWARE.bootOrder]),
  })
  .superRefine((hardware, context) => {
    for (const { path, message } of hardwareIssues(hardware))
      context.addIssue({ code: 'custom', path: [path], message });
  });

export interface HardwareIssue {
  readonly path: keyof VmHardware;
  readonly message: string;
}

/** What does not go together, whatever a host has. */
export const hardwareIssues = ({ firmware, machine, bootOrder }: VmHardware): HardwareIssue[] => [
  // The keys are kept from the guest by system management mode, which i440FX does not have.
  ...(firmware === 'UEFI_SECURE_BOOT' && machine !== 'Q35'
    ? [{ path: 'machine', message: 'must be Q35 for UEFI_SECURE_BOOT' } as const]
    : []),
  ...(new Set(bootOrder).size < bootOrder.length
    ? [{ path: 'bootOrder', message: 'names a device more than once' } as const]
    : []),
];

/** @throws DomainError INVALID_INPUT {issues} for what does not go together */
export const checkedHardware = (hardware: VmHardware): VmHardware => {
  const issues = hardwareIssues(hardware).map(({ path, message }) => ({ path: `hardware.${path}`, message }));
  if (issues.length > 0) throw new DomainError('INVALID_INPUT', { issues });
  return hardware;
};

/** In the order in which it is shown. */
export const HARDWARE_PATHS = ['firmware', 'machine', 'cpuModel', 'tpm', 'bootOrder'] as const;
export type HardwarePath = (typeof HARDWARE_PATHS)[number];

/** What is said of it; null, or left out: nothing. */
export type SaidHardware = { readonly [Path in HardwarePath]?: VmHardware[Path] | null | undefined };

/** Each thing that is said takes the place of what was there, the boot order as a whole. It may not go together. */
export const hardwareOver = (before: VmHardware, said: SaidHardware | null): VmHardware => ({
  firmware: said?.firmware ?? before.firmware,
  machine: said?.machine ?? before.machine,
  cpuModel: said?.cpuModel ?? before.cpuModel,
  tpm: said?.tpm ?? before.tpm,
  bootOrder: [...(said?.bootOrder ?? before.bootOrder)],
});

const isSame = (one: VmHardware, other: VmHardware, path: HardwarePath): boolean =>
  JSON.stringify(one[path]) === JSON.stringify(other[path]);

/** One thing that is not as it is declared. */
export interface HardwareDifference {
  readonly path: HardwarePath;
  readonly declared: VmHardware[HardwarePath];
  readonly actual: VmHardware[HardwarePath];
}

export const hardwareDifferences = (declared: VmHardware, actual: VmHardware): HardwareDifference[] =>
  HARDWARE_PATHS.filter((path) => !isSame(declared, actual, path)).map((path) => ({
    path,
    declared: declared[path],
    actual: actual[path],
  }));

/** Made as every VM was before there was a choice: any agent can define it. */
export const isDefaultHardware = (hardware: VmHardware): boolean =>
  hardwareDifferences(hardware, DEFAULT_HARDWARE).length === 0;

/** It has state beside its disks, which neither a snapshot nor a clone holds. */
export const keepsFirmwareState = ({ firmware, tpm }: VmHardware): boolean => firmware !== 'BIOS' || tpm;

/** @throws DomainError FIRMWARE_STATE_NOT_COPIED */
export const requireNoFirmwareState = (hardware: VmHardware): void => {
  const { firmware, tpm } = hardware;
  if (keepsFirmwareState(hardware)) throw new DomainError('FIRMWARE_STATE_NOT_COPIED', { firmware, tpm });
};

/**
 * Whether a VM that has been made may become this. A TPM stays: what it holds can not be made again, and its guest may
 * have locked its disk with it.
 * @param acceptUnbootable somebody said that the guest may not boot any more
 * @throws DomainError FIRMWARE_CHANGE_UNCONFIRMED, INVALID_INPUT
 */
export const requireChangeable = (before: VmHardware, after: VmHardware, acceptUnbootable: boolean): void => {
  if (before.tpm && !after.tpm) {
    const message = 'a TPM is not taken away: what it holds would be lost';
    throw new DomainError('INVALID_INPUT', { issues: [{ path: 'hardware.tpm', message }] });
  }
  if (before.firmware !== after.firmware && !acceptUnbootable)
    throw new DomainError('FIRMWARE_CHANGE_UNCONFIRMED', { from: before.firmware, to: after.firmware });
};
