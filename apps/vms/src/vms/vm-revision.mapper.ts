import { checkedSpec, type Json, type SpecChange, type VmSpec as DeclaredSpec } from '@infinibay/vms-domain';
import { z } from 'zod';
import type { VmRevision as VmRevisionRow } from '../generated/prisma/client.js';
import type { VmRevision, VmSpec, VmSpecChange } from './vm-revision.model.js';

const StoredChanges = z.array(z.object({ path: z.string(), from: z.json(), to: z.json() }));

const textOf = (value: Json): string | null => (value === null ? null : JSON.stringify(value));

export const toChange = ({ path, from, to }: SpecChange): VmSpecChange => ({
  path,
  from: textOf(from),
  to: textOf(to),
});

export const toSpec = (spec: DeclaredSpec): VmSpec => ({
  ...spec,
  cdrom: spec.cdrom ?? null,
  links: Object.entries(spec.links).map(([mac, linkState]) => ({ mac, linkState })),
});

export const toRevision = (row: VmRevisionRow): VmRevision => ({
  number: row.number,
  spec: toSpec(checkedSpec(row.spec)),
  changes: (StoredChanges.safeParse(row.changes).data ?? []).map(toChange),
  operation: row.operation,
  createdAt: row.createdAt,
  correlationId: row.correlationId,
  authorId: row.authorId,
});
