import { z } from 'zod';
import { defineQuery } from '../messages/define.js';
import { Uuid } from '../model/scalars.js';
import { VmStateV1 } from '../model/vm.js';

export const findVms = defineQuery({
  name: 'vms.find-vms',
  version: 1,
  description: 'Where VMs belong and run. Unknown and deleted ones are left out; a paused one is RUNNING.',
  owner: 'vms',
  callers: ['metrics-collector', 'realtime', 'firewall', 'networks'],
  timeoutMs: 2_000,
  request: z.object({ vmIds: z.array(Uuid).min(1).max(1_000) }),
  reply: z.object({
    vms: z.array(
      z.object({
        vmId: Uuid,
        departmentId: Uuid,
        ownerId: Uuid,
        name: z.string(),
        state: VmStateV1,
        hostId: Uuid.nullable(),
      }),
    ),
  }),
  example: {
    request: { vmIds: ['0196f5a0-0000-7000-8000-000000000001'] },
    reply: {
      vms: [
        {
          vmId: '0196f5a0-0000-7000-8000-000000000001',
          departmentId: '0196f5a0-0000-7000-8000-0000000000d1',
          ownerId: '0196f5a0-0000-7000-8000-0000000000a1',
          name: 'web-1',
          state: 'RUNNING',
          hostId: '0196f5a0-0000-7000-8000-0000000000aa',
        },
      ],
    },
  },
});
