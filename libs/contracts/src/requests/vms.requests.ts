import { z } from 'zod';
import { defineCommand, defineQuery } from '../messages/define.js';
import { ConsoleAccess, MAX_CONSOLE_TICKET_LENGTH } from '../model/console.js';
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

export const redeemConsoleTicket = defineCommand({
  name: 'vms.redeem-console-ticket',
  version: 1,
  description:
    'Uses up a ticket for the console of a VM, once. CONSOLE_TICKET_INVALID without a reason for one that is not ours, too old, used, or of no use any more. A second sending of a request is a second use: its caller asks for a new ticket.',
  owner: 'vms',
  callers: ['realtime'],
  timeoutMs: 5_000,
  request: z.object({ ticket: z.string().min(1).max(MAX_CONSOLE_TICKET_LENGTH) }),
  reply: z.object({ vmId: Uuid, hostId: Uuid, access: ConsoleAccess, actorId: Uuid, departmentId: Uuid }),
  example: {
    request: { ticket: 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl' },
    reply: {
      vmId: '0196f5a0-0000-7000-8000-000000000001',
      hostId: '0196f5a0-0000-7000-8000-0000000000aa',
      access: 'CONTROL',
      actorId: '0196f5a0-0000-7000-8000-0000000000a1',
      departmentId: '0196f5a0-0000-7000-8000-0000000000d1',
    },
  },
});
