import { z } from 'zod';
import { defineCommand, defineQuery } from '../messages/define.js';
import { Fence, Uuid } from '../model/scalars.js';

const EXAMPLE = { vmId: '0196f5a0-0000-7000-8000-000000000001', fence: 1 };
const OF_VM = z.object({ vmId: Uuid, fence: Fence });

export const saveVm = defineCommand({
  name: 'host.save-vm',
  version: 1,
  description:
    'Writes the memory of a guest to the host and ends it: the next start brings it back where it was. It is not waited for to the end: sent again it tells whether it has come about. "Already so" is success. Errors: VM_NOT_FOUND, NOTHING_TO_SAVE (it is off, and nothing is saved), VM_BUSY, SNAPSHOT_NEEDS_RESTART, POOL_FULL, UNSUPPORTED_BY_DRIVER, VM_UNRESPONSIVE, HYPERVISOR_ERROR (the guest runs on), STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: OF_VM,
  reply: z.object({ isComplete: z.boolean() }),
  example: { request: EXAMPLE, reply: { isComplete: true } },
});

export const discardSavedMemory = defineCommand({
  name: 'host.discard-saved-memory',
  version: 1,
  description:
    'Throws away what was saved of the memory of a guest: the next start boots it. None is success. Errors: VM_NOT_FOUND, VM_BUSY (it is being saved), HYPERVISOR_ERROR, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 10_000,
  request: OF_VM,
  reply: z.object({ wasSaved: z.boolean() }),
  example: { request: EXAMPLE, reply: { wasSaved: true } },
});

export const inspectSavedMemory = defineQuery({
  name: 'host.inspect-saved-memory',
  version: 1,
  description:
    'Whether memory of a guest is saved that its next start would bring back, whoever has saved it. None where there is no such VM. Errors: HYPERVISOR_ERROR.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 10_000,
  request: z.object({ vmId: Uuid }),
  reply: z.object({ isSaved: z.boolean() }),
  example: { request: { vmId: EXAMPLE.vmId }, reply: { isSaved: true } },
});
