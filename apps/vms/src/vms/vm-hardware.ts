import {
  DEFAULT_HARDWARE,
  KeptHardware,
  hardwareDifferences,
  type DeclaredHardware,
  type HardwareDifference,
} from '@infinibay/vms-domain';
import type { Vm as VmRow } from '../generated/prisma/client.js';

const keptIn = (stored: unknown): DeclaredHardware => KeptHardware.safeParse(stored).data ?? DEFAULT_HARDWARE;

/** What a row says that its VM is made of. What another version wrote and this one does not know is not there. */
export const hardwareOf = ({ hardware }: Pick<VmRow, 'hardware'>): DeclaredHardware => keptIn(hardware);

/** What its definition was last written with. */
export const definedHardwareOf = ({ definedHardware }: Pick<VmRow, 'definedHardware'>): DeclaredHardware =>
  keptIn(definedHardware ?? {});

/** Whether its last definition has variables of UEFI. */
export const hasVariables = (row: Pick<VmRow, 'definedHardware'>): boolean =>
  definedHardwareOf(row).firmware !== 'BIOS';

/** States in which a machine stands that was made at a start. */
const ON: readonly VmRow['state'][] = ['RUNNING', 'PAUSED', 'STOPPING'];

export const isOn = ({ state }: Pick<VmRow, 'state'>): boolean => ON.includes(state);

/**
 * Whether QEMU has variables of UEFI open. They hold no snapshots, and so it deletes none of any disk: libvirt asks it to
 * for as long as it runs.
 */
export const holdsVariables = ({ state, definedHardware }: Pick<VmRow, 'state' | 'definedHardware'>): boolean =>
  ON.includes(state) && hasVariables({ definedHardware });

/** What runs, or is brought back from saved memory, was made by the definition as it was then. */
const isAsDefined = ({ state, savedAt }: Pick<VmRow, 'state' | 'savedAt'>): boolean =>
  savedAt !== null || ON.includes(state);

/** Memory of its host that is no huge page, which it is promised: it runs on that, or will from its next start on. */
export const ordinaryMibOf = (
  row: Pick<VmRow, 'state' | 'savedAt' | 'hardware' | 'definedHardware' | 'memoryMib' | 'reservedMib'>,
): number => {
  const made = [hardwareOf(row), ...(isAsDefined(row) ? [definedHardwareOf(row)] : [])];
  return made.some(({ hugePages }) => hugePages === 'NONE') ? row.memoryMib + row.reservedMib : 0;
};

/**
 * What of it waits until the VM has been off: what runs, or is brought back from saved memory, was made by the definition
 * that was written last.
 */
export const pendingHardware = (
  row: Pick<VmRow, 'state' | 'savedAt' | 'hardware' | 'definedHardware'>,
): HardwareDifference[] => (isAsDefined(row) ? hardwareDifferences(hardwareOf(row), definedHardwareOf(row)) : []);
