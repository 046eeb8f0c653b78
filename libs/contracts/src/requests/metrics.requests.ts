import { z } from 'zod';
import { defineQuery } from '../messages/define.js';
import { GuestSample, exampleGuestSample } from '../model/guest-metrics.js';
import { Uuid } from '../model/scalars.js';

const EXAMPLE_VM = '0196f5a0-0000-7000-8000-000000000001';

export const getLatestSamples = defineQuery({
  name: 'metrics.get-latest-samples',
  version: 1,
  description: 'The newest stored sample of each VM. VMs without one are left out. Callers authorise.',
  owner: 'metrics-collector',
  callers: ['vms'],
  timeoutMs: 2_000,
  request: z.object({ vmIds: z.array(Uuid).min(1).max(500) }),
  reply: z.object({ samples: z.array(GuestSample) }),
  example: { request: { vmIds: [EXAMPLE_VM] }, reply: { samples: [exampleGuestSample] } },
});

export const getSampleHistory = defineQuery({
  name: 'metrics.get-sample-history',
  version: 1,
  description: 'Stored samples of one VM, oldest first, within [from, to). Callers authorise.',
  owner: 'metrics-collector',
  callers: ['vms'],
  timeoutMs: 5_000,
  request: z.object({
    vmId: Uuid,
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    limit: z.int().min(1).max(1_000),
  }),
  reply: z.object({ samples: z.array(GuestSample) }),
  example: {
    request: { vmId: EXAMPLE_VM, from: '2026-11-22T09:00:00.000Z', to: '2026-11-22T10:00:00.000Z', limit: 100 },
    reply: { samples: [exampleGuestSample] },
  },
});

export const getSamplePage = defineQuery({
  name: 'metrics.get-sample-page',
  version: 1,
  description:
    'The newest stored samples of one VM within [from, to), newest first. `more` tells that there are older ones within it: ask again with `to` as the time of the last. Callers authorise.',
  owner: 'metrics-collector',
  callers: ['vms'],
  timeoutMs: 5_000,
  request: z.object({
    vmId: Uuid,
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    limit: z.int().min(1).max(1_000),
  }),
  reply: z.object({ samples: z.array(GuestSample), more: z.boolean() }),
  example: {
    request: { vmId: EXAMPLE_VM, from: '2026-11-22T09:00:00.000Z', to: '2026-11-22T10:00:00.000Z', limit: 100 },
    reply: { samples: [exampleGuestSample], more: false },
  },
});
