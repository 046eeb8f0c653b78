import type { Vm as VmRow } from '../generated/prisma/client.js';
import { isOn } from './vm-hardware.js';

/** What is declared of a drive; what is in that of the guest nobody looks at. */
interface PendingCdrom {
  readonly path: 'cdrom';
  readonly declared: string | null;
  readonly actual: null;
}

/** What shall be in its drive and waits until the VM has been off: what runs was started without a drive, or keeps another. */
export const pendingCdrom = (row: Pick<VmRow, 'state' | 'cdromImageId' | 'cdromPending'>): PendingCdrom[] =>
  row.cdromPending && isOn(row) ? [{ path: 'cdrom', declared: row.cdromImageId, actual: null }] : [];

/** Whether something is in its drive, or its guest may hold on to what was taken out: on another host that would be missing. */
export const mayHaveCdrom = (row: Pick<VmRow, 'state' | 'cdromImageId' | 'cdromPending'>): boolean =>
  row.cdromImageId !== null || pendingCdrom(row).length > 0;
