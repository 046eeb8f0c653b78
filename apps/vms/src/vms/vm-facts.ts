import { vmUpdated, type EventEnvelope } from '@infinibay/contracts';
import { newEvent } from '@infinibay/platform-persistence';
import type { Vm as VmRow } from '../generated/prisma/client.js';

/** What people call a VM, say of it and allow to be done to it. */
export interface VmFacts {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly deletionProtected: boolean;
}

/** As events name it. */
export type VmChange = 'name' | 'description' | 'tags' | 'deletion-protection' | 'spec' | 'cloud-init';

/** Tags are in order. */
export const changesBetween = (before: VmFacts, after: VmFacts): VmChange[] => [
  ...(before.name === after.name ? [] : (['name'] as const)),
  ...(before.description === after.description ? [] : (['description'] as const)),
  ...(before.tags.join() === after.tags.join() ? [] : (['tags'] as const)),
  ...(before.deletionProtected === after.deletionProtected ? [] : (['deletion-protection'] as const)),
];

export const updatedEvent = (
  vm: Pick<VmRow, 'id' | 'departmentId'>,
  changed: readonly VmChange[],
  { name, description, tags, deletionProtected }: VmFacts,
): EventEnvelope =>
  newEvent(vmUpdated, {
    departmentId: vm.departmentId,
    resource: { kind: 'vm', id: vm.id },
    data: { vmId: vm.id, changed: [...changed], name, description, tags: [...tags], deletionProtected },
  });
