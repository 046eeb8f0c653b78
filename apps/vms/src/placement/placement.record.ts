import { countRefusals, type Decision, type HostVerdict, type Refusal } from '@infinibay/vms-domain';

/** Of a larger fleet the best hosts are kept; the counts by rule are of all. */
export const MAX_KEPT_HOSTS = 20;

/** A decision as it is kept and shown. */
export interface PlacementRecord {
  /** null for a dry run. */
  readonly decidedAt: Date | null;
  readonly hostCount: number;
  readonly refusals: readonly { readonly rule: string; readonly hosts: number }[];
  readonly verdicts: readonly (Pick<HostVerdict, 'hostId' | 'score'> & {
    readonly refusal: (Omit<Refusal, 'rule'> & { readonly rule: string }) | null;
  })[];
}

export const recordOf = ({ verdicts }: Decision, decidedAt: Date | null): PlacementRecord => ({
  decidedAt,
  hostCount: verdicts.length,
  refusals: countRefusals(verdicts),
  verdicts: verdicts.slice(0, MAX_KEPT_HOSTS),
});
