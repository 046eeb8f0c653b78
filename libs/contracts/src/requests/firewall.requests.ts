import { z } from 'zod';
import { defineCommand } from '../messages/define.js';
import { FilterStatus, NicIdentity } from '../model/firewall.js';
import { Fence, Uuid } from '../model/scalars.js';

const EXAMPLE_VM = '0196f5a0-0000-7000-8000-000000000001';
const EXAMPLE_HOST = '0196f5a0-0000-7000-8000-0000000000aa';

export const protectVm = defineCommand({
  name: 'firewall.protect-vm',
  version: 1,
  description:
    'Compiles the effective rules of a VM and makes the filter on its host, before it starts. From then on rule changes reach it live. UNSUPPORTED where the driver has no packet filter.',
  owner: 'firewall',
  callers: ['vms'],
  timeoutMs: 20_000,
  request: z.object({ vmId: Uuid, departmentId: Uuid, hostId: Uuid, nics: z.array(NicIdentity).max(16), fence: Fence }),
  reply: z.object({ filterName: z.string().nullable(), revision: z.int(), status: FilterStatus }),
  example: {
    request: {
      vmId: EXAMPLE_VM,
      departmentId: '0196f5a0-0000-7000-8000-0000000000d1',
      hostId: EXAMPLE_HOST,
      nics: [{ mac: '52:54:00:12:34:56', address: '10.80.0.10' }],
      fence: 1,
    },
    reply: { filterName: `infinibay-vm-${EXAMPLE_VM}`, revision: 1, status: 'APPLIED' },
  },
});

export const unprotectVm = defineCommand({
  name: 'firewall.unprotect-vm',
  version: 1,
  description:
    'Removes the filter of a VM whose domain is gone, and the rules that were its own. Repeating is success.',
  owner: 'firewall',
  callers: ['vms'],
  timeoutMs: 20_000,
  request: z.object({ vmId: Uuid, hostId: Uuid.nullable(), fence: Fence }),
  reply: z.object({}),
  example: { request: { vmId: EXAMPLE_VM, hostId: EXAMPLE_HOST, fence: 2 }, reply: {} },
});
