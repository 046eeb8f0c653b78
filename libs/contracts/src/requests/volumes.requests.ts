import { z } from 'zod';
import { defineCommand, defineQuery } from '../messages/define.js';
import { Fence, Uuid } from '../model/scalars.js';
import { VolumeProblem, VolumeTarget } from '../model/volume.js';

const EXAMPLE_VM = '0196f5a0-0000-7000-8000-000000000001';
const EXAMPLE_VOLUME = '0196f5a0-0000-7000-8000-0000000000c1';
const ON_A_VOLUME = z.object({ volumeId: Uuid, fence: Fence });
const exampleOnAVolume = { volumeId: EXAMPLE_VOLUME, fence: 1 };
const CapacityBytes = z
  .int()
  .positive()
  .multipleOf(512)
  .max(2 ** 46)
  .describe('Bytes that a guest sees');

const PLACE = z.object({ vmId: Uuid, fence: Fence, volumeId: Uuid, target: VolumeTarget });
const examplePlace = { vmId: EXAMPLE_VM, fence: 1, volumeId: EXAMPLE_VOLUME, target: 'vdb' };

export const inspectVolume = defineQuery({
  name: 'host.inspect-volume',
  version: 1,
  description:
    'Whether the file of a volume is the one that was made for it, and whole. ABSENT: the storage is there and has no such file.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 10_000,
  request: z.object({ volumeId: Uuid }),
  reply: z.object({
    status: z.enum(['SOUND', 'ABSENT', 'UNUSABLE']),
    capacityBytes: z.int().nonnegative().nullable().describe('Bytes that a guest sees; set when SOUND'),
    allocationBytes: z.int().nonnegative().nullable().describe('What the file takes up; set when SOUND'),
    problem: VolumeProblem.nullable().describe('Set unless SOUND'),
  }),
  example: {
    request: { volumeId: EXAMPLE_VOLUME },
    reply: { status: 'SOUND', capacityBytes: 1_073_741_824, allocationBytes: 262_144, problem: null },
  },
});

export const ensureVolume = defineCommand({
  name: 'host.ensure-volume',
  version: 1,
  description:
    'Makes an empty volume; one that exists already is success. Made once: one that this host has made and that is gone is not made again. Errors: POOL_FULL, VOLUME_MISSING, VOLUME_REPLACED, VOLUME_DAMAGED, STORAGE_UNAVAILABLE, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: ON_A_VOLUME.extend({ capacityBytes: CapacityBytes }),
  reply: z.object({ created: z.boolean(), capacityBytes: z.int().positive() }),
  example: {
    request: { ...exampleOnAVolume, capacityBytes: 1_073_741_824 },
    reply: { created: true, capacityBytes: 1_073_741_824 },
  },
});

export const growVolume = defineCommand({
  name: 'host.grow-volume',
  version: 1,
  description:
    'Makes a volume larger, while a guest uses it too. One that is as large already is success; it never shrinks. Errors: VOLUME_MISSING, VOLUME_REPLACED, VOLUME_DAMAGED, STORAGE_UNAVAILABLE, POOL_FULL, VM_MEMORY_SAVED, VM_UNRESPONSIVE, HYPERVISOR_ERROR, UNSUPPORTED_BY_DRIVER, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 60_000,
  request: ON_A_VOLUME.extend({
    capacityBytes: CapacityBytes,
    vmId: Uuid.nullable().describe('The VM that it is attached to'),
  }),
  reply: z.object({
    capacityBytes: z.int().positive(),
    isOnline: z.boolean().describe('A running guest was told of it'),
  }),
  example: {
    request: { ...exampleOnAVolume, capacityBytes: 2_147_483_648, vmId: EXAMPLE_VM },
    reply: { capacityBytes: 2_147_483_648, isOnline: true },
  },
});

export const removeVolume = defineCommand({
  name: 'host.remove-volume',
  version: 1,
  description:
    'Removes a volume that is attached to nothing. None is success; a file that is not this volume is left alone. Errors: STORAGE_UNAVAILABLE, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: ON_A_VOLUME,
  reply: z.object({ removed: z.boolean() }),
  example: { request: exampleOnAVolume, reply: { removed: true } },
});

export const attachVolume = defineCommand({
  name: 'host.attach-volume',
  version: 1,
  description:
    "Makes a volume a disk of a VM: of its definition, and of the guest when that runs. One that is attached there is success. The guest finds it by its serial, the last 20 hexadecimal digits of the volume's id. Errors: VOLUME_MISSING, VOLUME_REPLACED, VOLUME_DAMAGED, STORAGE_UNAVAILABLE, VM_MEMORY_SAVED, STALE_FENCE, VM_UNRESPONSIVE, UNSUPPORTED_BY_DRIVER (a running guest of the test driver), HYPERVISOR_ERROR.",
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: PLACE,
  reply: z.object({ isLive: z.boolean().describe('The running guest has it') }),
  example: { request: examplePlace, reply: { isLive: true } },
});

export const detachVolume = defineCommand({
  name: 'host.detach-volume',
  version: 1,
  description:
    'Takes a volume away from a VM. A running guest is asked and must let go of it, which this does not wait for: sent again it tells whether the guest has. One that is not attached is success. Errors: VM_MEMORY_SAVED, STALE_FENCE, VM_UNRESPONSIVE, HYPERVISOR_ERROR.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: PLACE,
  reply: z.object({ isDetached: z.boolean().describe('Neither the guest nor the definition has it') }),
  example: { request: examplePlace, reply: { isDetached: false } },
});
