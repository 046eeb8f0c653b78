import { z } from 'zod';

/** The CD drive of a domain, beside the medium that was asked about. */
export const CdromFinding = z
  .enum(['AS_ASKED', 'OTHER', 'NO_DRIVE'])
  .describe('OTHER: another medium, one too many, or none where one was asked about');
export type CdromFinding = z.infer<typeof CdromFinding>;

export const ObservedCdrom = z
  .object({
    definition: CdromFinding.nullable().describe('null: there is no domain'),
    live: CdromFinding.nullable().describe('null: nothing runs'),
  })
  .meta({ id: 'ObservedCdrom', description: 'The CD drive of a VM, in its definition and in what runs' });
export type ObservedCdrom = z.infer<typeof ObservedCdrom>;
