import type { VmHardware } from '@infinibay/contracts';
import { DEFAULT_HARDWARE, KeptHardware, hardwareDifferences, type HardwareDifference } from '@infinibay/vms-domain';
import type { Vm as VmRow } from '../generated/prisma/client.js';

const keptIn = (stored: unknown): VmHardware => KeptHardware.safeParse(stored).data ?? DEFAULT_HARDWARE;

/** What a row says that its VM is made of. What another version wrote and this one does not know is not there. */
export const hardwareOf = ({ hardware }: Pick<VmRow, 'hardware'>): VmHardware => keptIn(hardware);

/** States in which a machine stands that was made at a start. */
const ON: readonly VmRow['state'][] = ['RUNNING', 'PAUSED', 'STOPPING'];

export const isOn = ({ state }: Pick<VmRow, 'state'>): boolean => ON.includes(state);

/**
 * Whether QEMU has variables of UEFI open. They hold no snapshots, and so it deletes none of any disk: libvirt asks it to
 * for as long as it runs.
 */
export const holdsVariables = ({ state, definedHardware }: Pick<VmRow, 'state' | 'definedHardware'>): boolean =>
  ON.includes(state) && keptIn(definedHardware ?? {}).firmware !== 'BIOS';

/**
 * What of it waits until the VM has been off: what runs, or is brought back from saved memory, was made by the definition
 * that was written last.
 */
export const pendingHardware = (
  row: Pick<VmRow, 'state' | 'savedAt' | 'hardware' | 'definedHardware'>,
): HardwareDifference[] =>
  row.savedAt !== null || ON.includes(row.state)
    ? hardwareDifferences(hardwareOf(row), keptIn(row.definedHardware ?? {}))
    : [];
