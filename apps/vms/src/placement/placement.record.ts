import { countRefusals, type Decision, type HostVerdict } from '@infinibay/vms-domain';

/** Of a larger fleet the best hosts are kept; the counts by rule are of all. */
export const MAX_KEPT_HOSTS = 20;

/** A decision as it is kept and shown. */
export interface PlacementRecord {
  /** null for a dry run. */
  readonly decidedAt: Date | null;
  readonly hostCount: number;
  readonly refusals: readonly { readonly rule: string; readonly hosts: number }[];
  readonly verdicts: readonly (Pick<HostVerdict, 'hostId' | 'score'> & {
    readonly refusal: {
      readonly rule: string;
      readonly message: string;
      readonly needed: number | null;
      readonly available: number | null;
    } | null;
  })[];
}

export const recordOf = ({ verdicts }: Decision, decidedAt: Date | null): PlacementRecord => ({
  decidedAt,
  hostCount: verdicts.length,
  refusals: countRefusals(verdicts),
  verdicts: verdicts.slice(0, MAX_KEPT_HOSTS),
});
