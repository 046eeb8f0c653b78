import { z } from 'zod';
import { defineEvent } from '../messages/define.js';
import { Uuid } from '../model/scalars.js';
import { DomainPower } from '../model/vm.js';

/**
 * What libvirt tells of a host, published under the host's own subject and for no department. `sequence` grows by one
 * with every event of the host in its epoch, whatever the event's name: a number that is missing is an event that was
 * lost. A new epoch begins at 1 and lists every VM anew. See docs/decisions/0008-host-events.md.
 */
const Position = z.object({
  hostId: Uuid,
  epoch: Uuid.describe('One run of the agent: a UUID of version 7, so later epochs sort behind earlier ones'),
  sequence: z.int().positive().describe('Counts all events of the host in this epoch, from 1'),
});
const OfVm = Position.extend({ vmId: Uuid });
const OfDevice = OfVm.extend({ alias: z.string().max(255).nullable().describe("libvirt's alias of the device") });

const position = {
  hostId: '0196f5a0-0000-7000-8000-0000000000aa',
  epoch: '0196f5a0-0000-7000-8000-0000000000ee',
  sequence: 7,
};
const ofVm = { ...position, vmId: '0196f5a0-0000-7000-8000-000000000001' };
const ofDevice = { ...ofVm, alias: 'virtio-disk1' };

const common = { version: 1, producer: 'hypervisor-agent' } as const;

export const hostAgentStarted = defineEvent({
  ...common,
  name: 'host.agent-started',
  description: 'The first event of an epoch. Another boot id than before: the host itself was started again.',
  data: Position.extend({ bootId: Uuid.nullable().describe("The kernel's id of this boot; null: unknown") }),
  example: { ...position, sequence: 1, bootId: '0196f5a0-0000-4000-8000-0000000000bb' },
});

export const hostLibvirtConnected = defineEvent({
  ...common,
  name: 'host.libvirt-connected',
  description: 'The agent has a link to libvirt. What happened before is told by host.vm-difference-found.',
  data: Position,
  example: position,
});

export const hostLibvirtDisconnected = defineEvent({
  ...common,
  name: 'host.libvirt-disconnected',
  description: 'The link to libvirt is gone: until host.vms-relisted nothing is known of the host.',
  data: Position.extend({ reason: z.string().max(64) }),
  example: { ...position, reason: 'eof' },
});

export const hostVmDifferenceFound = defineEvent({
  ...common,
  name: 'host.vm-difference-found',
  description: 'Found by listing, not told by libvirt: a VM is not as the agent last knew it. At first it knew none.',
  data: OfVm.extend({
    difference: z.enum(['appeared', 'vanished', 'changed']),
    before: DomainPower.nullable().describe('null: appeared'),
    after: DomainPower.nullable().describe('null: vanished'),
    reason: z.string().max(64).nullable().describe("libvirt's reason for the power state"),
  }),
  example: { ...ofVm, difference: 'changed', before: 'running', after: 'off', reason: 'crashed' },
});

export const hostVmsRelisted = defineEvent({
  ...common,
  name: 'host.vms-relisted',
  description: 'All VMs of the host were listed; what differed was told just before.',
  data: Position.extend({ vms: z.int().nonnegative(), differences: z.int().nonnegative() }),
  example: { ...position, vms: 12, differences: 1 },
});

export const hostVmLifecycleChanged = defineEvent({
  ...common,
  name: 'host.vm-lifecycle-changed',
  description: 'libvirt told of the life of a VM (virDomainEventType and its detail).',
  data: OfVm.extend({
    event: z.enum([
      'defined',
      'undefined',
      'started',
      'suspended',
      'resumed',
      'stopped',
      'shutdown',
      'pmsuspended',
      'crashed',
      'unknown',
    ]),
    detail: z.string().max(64),
  }),
  example: { ...ofVm, event: 'stopped', detail: 'destroyed' },
});

export const hostVmRebooted = defineEvent({
  ...common,
  name: 'host.vm-rebooted',
  description: 'A guest restarted itself, or was reset.',
  data: OfVm,
  example: ofVm,
});

export const hostVmWatchdogFired = defineEvent({
  ...common,
  name: 'host.vm-watchdog-fired',
  description: "A guest's watchdog fired.",
  data: OfVm.extend({ action: z.string().max(32) }),
  example: { ...ofVm, action: 'reset' },
});

export const hostVmIoFailed = defineEvent({
  ...common,
  name: 'host.vm-io-failed',
  description: 'A disk of a VM could not be read or written.',
  data: OfDevice.extend({
    action: z.enum(['none', 'pause', 'report', 'unknown']).describe('What was done with the guest'),
    reason: z.string().max(255).nullable().describe('e.g. enospc; null: unknown'),
  }),
  example: { ...ofDevice, action: 'pause', reason: 'enospc' },
});

export const hostVmControlLost = defineEvent({
  ...common,
  name: 'host.vm-control-lost',
  description: "libvirt lost control of a guest's process.",
  data: OfVm,
  example: ofVm,
});

export const hostVmBlockJobChanged = defineEvent({
  ...common,
  name: 'host.vm-block-job-changed',
  description: 'A job on a disk ended, failed, or may be pivoted (ready).',
  data: OfVm.extend({
    disk: z.string().max(255).nullable().describe('Its target, e.g. vda'),
    job: z.enum(['pull', 'copy', 'commit', 'active-commit', 'backup', 'unknown']),
    status: z.enum(['completed', 'failed', 'canceled', 'ready', 'unknown']),
  }),
  example: { ...ofVm, disk: 'vda', job: 'copy', status: 'ready' },
});

export const hostVmJobCompleted = defineEvent({
  ...common,
  name: 'host.vm-job-completed',
  description: 'A job on a whole VM ended: migration, save, backup, dump.',
  data: OfVm.extend({ elapsedMs: z.int().nonnegative().nullable() }),
  example: { ...ofVm, elapsedMs: 1_250 },
});

export const hostVmBlockThresholdExceeded = defineEvent({
  ...common,
  name: 'host.vm-block-threshold-exceeded',
  description: 'A disk was written beyond the threshold that was set, which is gone now.',
  data: OfVm.extend({
    disk: z.string().max(255).nullable(),
    thresholdBytes: z.int().nonnegative(),
    excessBytes: z.int().nonnegative(),
  }),
  example: { ...ofVm, disk: 'vda', thresholdBytes: 1_073_741_824, excessBytes: 65_536 },
});

export const hostVmDiskDropped = defineEvent({
  ...common,
  name: 'host.vm-disk-dropped',
  description: 'A VM was started without a disk whose source is missing.',
  data: OfDevice.extend({ reason: z.string().max(64) }),
  example: { ...ofDevice, reason: 'missing-on-start' },
});

export const hostVmDeviceAdded = defineEvent({
  ...common,
  name: 'host.vm-device-added',
  description: 'A device was plugged into a running VM.',
  data: OfDevice,
  example: ofDevice,
});

export const hostVmDeviceRemoved = defineEvent({
  ...common,
  name: 'host.vm-device-removed',
  description: 'A guest let go of a device, which is gone.',
  data: OfDevice,
  example: ofDevice,
});

export const hostVmDeviceRemovalFailed = defineEvent({
  ...common,
  name: 'host.vm-device-removal-failed',
  description: 'A guest keeps a device that was asked back.',
  data: OfDevice,
  example: ofDevice,
});

export const hostVmGuestAgentChanged = defineEvent({
  ...common,
  name: 'host.vm-guest-agent-changed',
  description: "A guest's QEMU agent came or went.",
  data: OfVm.extend({ state: z.enum(['connected', 'disconnected', 'unknown']), reason: z.string().max(64) }),
  example: { ...ofVm, state: 'connected', reason: 'channel' },
});

export const hostVmMetadataChanged = defineEvent({
  ...common,
  name: 'host.vm-metadata-changed',
  description: "A VM's title, description or metadata of a namespace changed in libvirt.",
  data: OfVm.extend({
    type: z.enum(['description', 'title', 'element', 'unknown']),
    namespace: z.string().max(1_024).nullable().describe('Of an element'),
  }),
  example: { ...ofVm, type: 'element', namespace: 'https://infinibay.org/libvirt/vm/1' },
});

export const hostVmMemoryFailed = defineEvent({
  ...common,
  name: 'host.vm-memory-failed',
  description: 'Memory of the host failed under a VM.',
  data: OfVm.extend({
    recipient: z.enum(['hypervisor', 'guest', 'unknown']),
    action: z.enum(['ignore', 'inject', 'fatal', 'reset', 'unknown']),
  }),
  example: { ...ofVm, recipient: 'guest', action: 'inject' },
});

export const hostVmQuarantined = defineEvent({
  ...common,
  name: 'host.vm-quarantined',
  description: 'A VM does not answer its host: calls to it are refused, but for one at a time that tries.',
  data: OfVm,
  example: ofVm,
});

export const hostVmReleased = defineEvent({
  ...common,
  name: 'host.vm-released',
  description: 'A quarantined VM answers again, or what it hung in is gone.',
  data: OfVm,
  example: ofVm,
});

/** Told by vms, not by the host: it has no epoch and no number. */
export const hostMaintenanceChanged = defineEvent({
  name: 'host.maintenance-changed',
  version: 1,
  description: 'An administrator put a host into maintenance, gave another reason for it, or ended it.',
  producer: 'vms',
  data: z.object({
    hostId: Uuid,
    inMaintenance: z.boolean().describe('Whether it takes no new VMs and starts none from now on'),
    since: z.iso.datetime().nullable().describe('null: it is not in maintenance any more'),
    byId: Uuid.describe('The user who said so'),
    reason: z.string().max(500).nullable().describe('For people'),
  }),
  example: {
    hostId: position.hostId,
    inMaintenance: true,
    since: '2026-11-27T08:00:00.000Z',
    byId: '0196f5a0-0000-7000-8000-0000000000a1',
    reason: 'A memory module is replaced',
  },
});
