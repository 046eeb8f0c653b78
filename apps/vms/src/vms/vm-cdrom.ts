import type { VmCdrom } from '@infinibay/vms-domain';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { ON } from './vm-hardware.js';

type CdromColumns = Pick<VmRow, 'hasCdrom' | 'cdromImageId'>;

/** The CD drive that a row says its VM has; undefined: none. */
export const cdromOf = ({ hasCdrom, cdromImageId }: CdromColumns): VmCdrom | undefined =>
  hasCdrom ? { imageId: cdromImageId } : undefined;

/** The same as columns. A drive that there is not holds nothing. */
export const cdromColumns = (cdrom: VmCdrom | undefined): CdromColumns => ({
  hasCdrom: cdrom !== undefined,
  cdromImageId: cdrom?.imageId ?? null,
});

/** Whether what runs, or is brought back from saved memory, was made before the VM had a drive. */
export const isCdromPending = ({
  hasCdrom,
  definedCdrom,
  savedAt,
  state,
}: Pick<VmRow, 'hasCdrom' | 'definedCdrom' | 'savedAt' | 'state'>): boolean =>
  hasCdrom && !definedCdrom && (savedAt !== null || ON.includes(state));
