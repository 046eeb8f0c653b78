import { z } from 'zod';
import { defineEvent } from '../messages/define.js';
import { OperationKindV1 } from '../model/operation.v1.js';
import { OperationStatus, VmStateV1 } from '../model/vm.js';
import { Fence, Uuid } from '../model/scalars.js';

const EXAMPLE_VM = '0196f5a0-0000-7000-8000-000000000001';

export const vmCreated = defineEvent({
  name: 'vm.created',
  version: 1,
  description: 'A VM was accepted; its building begins.',
  producer: 'vms',
  data: z.object({ vmId: Uuid, name: z.string(), ownerId: Uuid, imageId: Uuid, vcpus: z.int(), memoryMib: z.int() }),
  example: {
    vmId: EXAMPLE_VM,
    name: 'web-1',
    ownerId: '0196f5a0-0000-7000-8000-0000000000a1',
    imageId: '0196f5a0-0000-7000-8000-0000000000e1',
    vcpus: 1,
    memoryMib: 256,
  },
});

export const vmStateChanged = defineEvent({
  name: 'vm.state-changed',
  version: 1,
  description: 'The state of a VM changed. A paused VM counts as RUNNING here; vm.paused and vm.resumed tell of that.',
  producer: 'vms',
  data: z.object({ vmId: Uuid, from: VmStateV1, to: VmStateV1, reason: z.string().nullable() }),
  example: { vmId: EXAMPLE_VM, from: 'BUILDING', to: 'RUNNING', reason: null },
});

export const vmPaused = defineEvent({
  name: 'vm.paused',
  version: 1,
  description: 'A VM stands still: its processors do not run, its memory is kept.',
  producer: 'vms',
  data: z.object({
    vmId: Uuid,
    reason: z.string().max(64).describe("libvirt's reason: user, io-error, watchdog, pmsuspended, …"),
  }),
  example: { vmId: EXAMPLE_VM, reason: 'io-error' },
});

export const vmResumed = defineEvent({
  name: 'vm.resumed',
  version: 1,
  description: 'A VM that was paused runs again.',
  producer: 'vms',
  data: z.object({ vmId: Uuid }),
  example: { vmId: EXAMPLE_VM },
});

export const vmGuestReady = defineEvent({
  name: 'vm.guest-ready',
  version: 1,
  description: 'The agent inside the guest spoke for the first time since the VM started.',
  producer: 'vms',
  data: z.object({ vmId: Uuid, agentVersion: z.string().nullable() }),
  example: { vmId: EXAMPLE_VM, agentVersion: '0.1.0' },
});

/** What is told of is open: another field of a VM changes no contract. */
export const vmUpdated = defineEvent({
  name: 'vm.updated',
  version: 1,
  description:
    'What people call a VM, say of it or allow to be done to it changed. Tells what changed, and all of it as it is now. A VM that is made with a description or tags is told of after vm.created.',
  producer: 'vms',
  data: z.object({
    vmId: Uuid,
    changed: z
      .array(z.string().regex(/^[a-z][a-z-]{0,62}$/))
      .min(1)
      .max(64)
      .describe('name, description, tags, deletion-protection; more may come'),
    name: z.string().max(63),
    description: z.string().max(1_000).describe('Empty when there is none'),
    tags: z.array(z.string().max(64)).max(32).describe('In the order of the alphabet'),
    deletionProtected: z.boolean(),
  }),
  example: {
    vmId: EXAMPLE_VM,
    changed: ['name', 'tags'],
    name: 'web-2',
    description: 'Front of the shop',
    tags: ['env:prod', 'web'],
    deletionProtected: true,
  },
});

export const vmTransferred = defineEvent({
  name: 'vm.transferred',
  version: 1,
  description: 'A VM belongs to another member of its department.',
  producer: 'vms',
  data: z.object({ vmId: Uuid, fromOwnerId: Uuid, ownerId: Uuid }),
  example: {
    vmId: EXAMPLE_VM,
    fromOwnerId: '0196f5a0-0000-7000-8000-0000000000a1',
    ownerId: '0196f5a0-0000-7000-8000-0000000000a2',
  },
});

export const vmLeftDepartment = defineEvent({
  name: 'vm.left-department',
  version: 1,
  description:
    'A VM is no more of this department: it was given to another one, with its disk, its snapshots and the volumes that are attached to it. Its address and its own firewall rules go soon after. To this department it is as if it were deleted, and vm.deleted does not follow here.',
  producer: 'vms',
  data: z.object({ vmId: Uuid, name: z.string().max(63) }),
  example: { vmId: EXAMPLE_VM, name: 'web-1' },
});

export const vmJoinedDepartment = defineEvent({
  name: 'vm.joined-department',
  version: 1,
  description:
    'A VM is of this department now: it was given to it by another one. It is off, as it was; what follows of it is told here.',
  producer: 'vms',
  data: z.object({
    vmId: Uuid,
    name: z.string().max(63),
    ownerId: Uuid,
    imageId: Uuid,
    vcpus: z.int(),
    memoryMib: z.int(),
    fence: Fence.describe('Of two such events of a VM the later has the greater one'),
  }),
  example: {
    vmId: EXAMPLE_VM,
    name: 'web-1',
    ownerId: '0196f5a0-0000-7000-8000-0000000000a2',
    imageId: '0196f5a0-0000-7000-8000-0000000000e1',
    vcpus: 1,
    memoryMib: 256,
    fence: 7,
  },
});

export const vmMigrated = defineEvent({
  name: 'vm.migrated',
  version: 1,
  description: 'A VM is on another host. One that ran runs on there at once, with the same address.',
  producer: 'vms',
  data: z.object({
    vmId: Uuid,
    fromHostId: Uuid,
    toHostId: Uuid,
    fence: Fence.describe('Of two such events of a VM the later has the greater one'),
  }),
  example: {
    vmId: EXAMPLE_VM,
    fromHostId: '0196f5a0-0000-7000-8000-0000000000aa',
    toHostId: '0196f5a0-0000-7000-8000-0000000000ab',
    fence: 9,
  },
});

export const vmDeletionScheduled = defineEvent({
  name: 'vm.deletion-scheduled',
  version: 1,
  description: 'A VM is going to be deleted, unless that is taken back before. Told again when the time is another.',
  producer: 'vms',
  data: z.object({
    vmId: Uuid,
    name: z.string().max(63),
    purgeAt: z.iso.datetime().describe('When it is going to be deleted'),
    deleteVolumes: z.boolean().describe('The volumes that are attached to it then are deleted as well'),
  }),
  example: { vmId: EXAMPLE_VM, name: 'web-1', purgeAt: '2026-01-08T12:00:00.000Z', deleteVolumes: false },
});

export const vmDeletionCancelled = defineEvent({
  name: 'vm.deletion-cancelled',
  version: 1,
  description:
    'A VM that was going to be deleted is not any more. It shall be off, and has all that it had. Not told when an instance of vms before this starts it, which vm.state-changed tells of, or protects it, which vm.updated tells of.',
  producer: 'vms',
  data: z.object({ vmId: Uuid, name: z.string().max(63) }),
  example: { vmId: EXAMPLE_VM, name: 'web-1' },
});

export const vmDeleted = defineEvent({
  name: 'vm.deleted',
  version: 1,
  description: 'A VM and all that belonged to it are gone.',
  producer: 'vms',
  data: z.object({ vmId: Uuid, name: z.string() }),
  example: { vmId: EXAMPLE_VM, name: 'web-1' },
});

const EXAMPLE_SNAPSHOT = '0196f5a0-0000-7000-8000-0000000000f1';

export const vmSnapshotTaken = defineEvent({
  name: 'vm.snapshot-taken',
  version: 1,
  description: 'A snapshot of a VM is complete: the VM can be brought back to it.',
  producer: 'vms',
  data: z.object({
    vmId: Uuid,
    snapshotId: Uuid,
    name: z.string().max(120),
    parentId: Uuid.nullable().describe('The snapshot that the VM stood on; null: none'),
    hasMemory: z.boolean().describe('The memory of the running guest is part of it'),
  }),
  example: { vmId: EXAMPLE_VM, snapshotId: EXAMPLE_SNAPSHOT, name: 'before update', parentId: null, hasMemory: true },
});

export const vmSnapshotDeleted = defineEvent({
  name: 'vm.snapshot-deleted',
  version: 1,
  description: 'A snapshot of a VM is gone; one that was never complete too. Those of a deleted VM go with it, untold.',
  producer: 'vms',
  data: z.object({ vmId: Uuid, snapshotId: Uuid, name: z.string().max(120) }),
  example: { vmId: EXAMPLE_VM, snapshotId: EXAMPLE_SNAPSHOT, name: 'before update' },
});

export const vmReverted = defineEvent({
  name: 'vm.reverted',
  version: 1,
  description: 'A VM was brought back to a snapshot: what its disks held since is gone.',
  producer: 'vms',
  data: z.object({
    vmId: Uuid,
    snapshotId: Uuid,
    withMemory: z.boolean().describe('Its guest runs on from where it was; false: it is off'),
  }),
  example: { vmId: EXAMPLE_VM, snapshotId: EXAMPLE_SNAPSHOT, withMemory: false },
});

/** How much of something a department may have. */
const Limit = (description: string) => z.number().nonnegative().nullable().describe(description);

export const departmentQuotaChanged = defineEvent({
  name: 'department.quota-changed',
  version: 1,
  description:
    'An administrator changed how much a department may have. Tells all of it as it is now; null is unlimited.',
  producer: 'vms',
  data: z.object({
    departmentId: Uuid,
    vms: Limit('Virtual machines'),
    vcpus: Limit('Virtual processors of all its VMs'),
    memoryMib: Limit('MiB of memory of all its VMs'),
    diskGib: Limit('GiB of disk of all its VMs'),
  }),
  example: {
    departmentId: '0196f5a0-0000-7000-8000-0000000000d1',
    vms: 20,
    vcpus: 64,
    memoryMib: 131_072,
    diskGib: null,
  },
});

export const operationUpdated = defineEvent({
  name: 'operation.updated',
  version: 1,
  description:
    'A long-running operation on a VM was accepted, moved a step or ended. Of the kinds that this version knows; version 2 tells of all others.',
  producer: 'vms',
  data: z.object({
    operationId: Uuid,
    kind: OperationKindV1,
    vmId: Uuid,
    status: OperationStatus,
    step: z.string().nullable(),
    progressPercent: z.int().min(0).max(100),
    errorCode: z.string().nullable(),
  }),
  example: {
    operationId: '0196f5a0-0000-7000-8000-0000000000f1',
    kind: 'CREATE_VM',
    vmId: EXAMPLE_VM,
    status: 'RUNNING',
    step: 'ensure-disk',
    progressPercent: 40,
    errorCode: null,
  },
});

/** Its kinds and resources are open: a new one changes no contract. */
export const operationUpdatedV2 = defineEvent({
  name: 'operation.updated',
  version: 2,
  description:
    'A long-running operation was accepted, moved a step or ended. Told of the kinds and resources that version 1 has no word for: each change is told once, in one of the two versions.',
  producer: 'vms',
  data: z.object({
    operationId: Uuid,
    kind: z
      .string()
      .regex(/^[A-Z][A-Z_]{0,62}$/)
      .describe('As in the GraphQL enum OperationKind; more may come'),
    resourceKind: z
      .string()
      .regex(/^[a-z][a-z-]{0,62}$/)
      .describe('What is worked on: vm, …; more may come'),
    resourceId: Uuid,
    status: OperationStatus,
    step: z.string().max(64).nullable().describe('The step that runs now'),
    progressPercent: z.int().min(0).max(100),
    errorCode: z.string().max(64).nullable(),
  }),
  example: {
    operationId: '0196f5a0-0000-7000-8000-0000000000f2',
    kind: 'IMPORT_IMAGE',
    resourceKind: 'image',
    resourceId: '0196f5a0-0000-7000-8000-0000000000e1',
    status: 'RUNNING',
    step: 'download',
    progressPercent: 40,
    errorCode: null,
  },
});
