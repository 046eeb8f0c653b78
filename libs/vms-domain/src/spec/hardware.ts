import {
  BootDevice,
  CpuModel,
  DomainError,
  HugePages,
  NOT_TUNED,
  PLAIN_HARDWARE,
  VmFirmware,
  VmMachine,
  VmTuning,
  type VmHardware,
} from '@infinibay/contracts';
import { z } from 'zod';
import { TUNING_PATHS, isTuned, tuningIssues, tuningOf, type DeclaredHardware, type Room } from './tuning.js';

/** What a VM is made of when nothing is said. */
export const DEFAULT_HARDWARE: DeclaredHardware = { ...PLAIN_HARDWARE, ...NOT_TUNED };

/** The same, in lists of its own. */
export const copyOfHardware = (hardware: DeclaredHardware): DeclaredHardware => ({
  ...hardware,
  bootOrder: [...hardware.bootOrder],
  ...tuningOf(hardware),
});

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
    hugePages: HugePages.default(DEFAULT_HARDWARE.hugePages),
    cpuPinning: VmTuning.shape.cpuPinning.default(() => []),
    numaNodes: VmTuning.shape.numaNodes.default(() => []),
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

/** @param room of the VM @throws DomainError INVALID_INPUT {issues} for what does not go together, or with its room */
export const checkedHardware = (hardware: DeclaredHardware, room: Room): DeclaredHardware => {
  const found = [...hardwareIssues(hardware), ...tuningIssues(hardware, room)];
  const issues = found.map(({ path, message }) => ({ path: `hardware.${path}`, message }));
  if (issues.length > 0) throw new DomainError('INVALID_INPUT', { issues });
  return hardware;
};

const MACHINE_PATHS = ['firmware', 'machine', 'cpuModel', 'tpm', 'bootOrder'] as const;

/** In the order in which it is shown. */
export const HARDWARE_PATHS = [...MACHINE_PATHS, ...TUNING_PATHS] as const;
export type HardwarePath = (typeof HARDWARE_PATHS)[number];

/** What is said of it; null, or left out: nothing. */
export type SaidHardware = { readonly [Path in HardwarePath]?: DeclaredHardware[Path] | null | undefined };

/** Each thing that is said takes the place of what was there, lists as a whole. It may not go together. */
export const hardwareOver = (before: DeclaredHardware, said: SaidHardware | null): DeclaredHardware =>
  copyOfHardware({
    firmware: said?.firmware ?? before.firmware,
    machine: said?.machine ?? before.machine,
    cpuModel: said?.cpuModel ?? before.cpuModel,
    tpm: said?.tpm ?? before.tpm,
    bootOrder: said?.bootOrder ?? before.bootOrder,
    hugePages: said?.hugePages ?? before.hugePages,
    cpuPinning: said?.cpuPinning ?? before.cpuPinning,
    numaNodes: said?.numaNodes ?? before.numaNodes,
  });

/** One thing that is not as it is declared. */
export interface HardwareDifference {
  readonly path: HardwarePath;
  readonly declared: DeclaredHardware[HardwarePath];
  readonly actual: DeclaredHardware[HardwarePath];
}

export const hardwareDifferences = (declared: DeclaredHardware, actual: DeclaredHardware): HardwareDifference[] =>
  HARDWARE_PATHS.filter((path) => JSON.stringify(declared[path]) !== JSON.stringify(actual[path])).map((path) => ({
    path,
    declared: declared[path],
    actual: actual[path],
  }));

/** The machine is as every VM was before there was a choice, whichever memory and CPUs of its host it has. */
export const isDefaultMachine = (hardware: VmHardware): boolean =>
  MACHINE_PATHS.every((path) => JSON.stringify(hardware[path]) === JSON.stringify(DEFAULT_HARDWARE[path]));

/** Made as every VM was before there was a choice: any agent can define it. */
export const isDefaultHardware = (hardware: DeclaredHardware): boolean =>
  isDefaultMachine(hardware) && !isTuned(hardware);

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
