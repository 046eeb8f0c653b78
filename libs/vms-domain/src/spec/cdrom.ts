import { DomainError, Uuid, type CdromFinding, type ObservedCdrom } from '@infinibay/contracts';
import { z } from 'zod';

/** The CD drive of a VM that has one. */
export const VmCdrom = z.object({ imageId: Uuid.nullable().describe('The ISO in it; null: it is empty') });
export type VmCdrom = Readonly<z.infer<typeof VmCdrom>>;

/** The drive as it is declared, and as its host has it; null: its agent knows nothing of drives. */
export interface CdromComparison {
  readonly want: VmCdrom;
  readonly have: ObservedCdrom | null;
}

/** Of what stands in a revision; a drive that a VM has been given it keeps. */
export const cdromAfter = (before: VmCdrom | undefined, said: VmCdrom | undefined): VmCdrom | undefined =>
  said ?? (before === undefined ? undefined : { imageId: null });

/** The drive without what is in it; a VM that has none needs none for that. */
export const ejected = (before: VmCdrom | undefined): VmCdrom | undefined => cdromAfter(before, undefined);

/** What runs gets no drive: it is there from the next start on. */
const isOther = (finding: CdromFinding | null, of: 'definition' | 'live'): boolean =>
  finding === 'OTHER' || (finding === 'NO_DRIVE' && of === 'definition');

/**
 * Whether anything is to be done about the drive. Where the host's agent does not tell, a medium is asked for, so that who
 * wants it hears why it does not come about.
 */
export const isCdromDue = (cdrom: CdromComparison | null, of: 'definition' | 'live'): boolean => {
  if (cdrom === null) return false;
  return cdrom.have === null ? cdrom.want.imageId !== null : isOther(cdrom.have[of], of);
};

/** Where somebody else has changed the drive. */
export const otherCdroms = (cdrom: CdromComparison | null): readonly ('definition' | 'live')[] => {
  const have = cdrom?.have ?? null;
  return have === null ? [] : (['definition', 'live'] as const).filter((of) => isOther(have[of], of));
};

/** What of an image says who may have it in a drive. */
interface Medium {
  readonly id: string;
  readonly departmentId: string | null;
}

/**
 * What is of one department does not go with a VM into another.
 * @param medium what is in the drive of the VM; null: nothing
 * @throws DomainError CDROM_NOT_SHARED
 */
export const requireSharedMedium = (medium: Medium | null): void => {
  if (medium !== null && medium.departmentId !== null)
    throw new DomainError('CDROM_NOT_SHARED', { imageId: medium.id });
};
