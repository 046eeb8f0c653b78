import { z } from 'zod';
import { defineEvent } from '../messages/define.js';
import { Uuid } from '../model/scalars.js';

export const vmGuestConnected = defineEvent({
  name: 'vm.guest-connected',
  version: 1,
  description: 'The first valid frame of a guest agent arrived since its socket appeared (once per start of the VM).',
  producer: 'metrics-collector',
  data: z.object({ vmId: Uuid, agentVersion: z.string().max(64).nullable(), connectedAt: z.iso.datetime() }),
  example: {
    vmId: '0196f5a0-0000-7000-8000-000000000001',
    agentVersion: '0.1.0',
    connectedAt: '2026-11-22T10:00:00.000Z',
  },
});

export const vmGuestSilent = defineEvent({
  name: 'vm.guest-silent',
  version: 1,
  description:
    'Nothing understandable came from a guest agent for some time, or its socket is gone. vm.guest-connected comes again with the next valid frame.',
  producer: 'metrics-collector',
  data: z.object({ vmId: Uuid, lastHeardAt: z.iso.datetime() }),
  example: { vmId: '0196f5a0-0000-7000-8000-000000000001', lastHeardAt: '2026-11-22T10:00:00.000Z' },
});
