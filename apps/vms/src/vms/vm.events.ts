import {
  toVmStateV1,
  vmCreated,
  vmDeleted,
  vmDeletionCancelled,
  vmDeletionScheduled,
  vmJoinedDepartment,
  vmLeftDepartment,
  vmMigrated,
  vmPaused,
  vmResumed,
  vmStateChanged,
  vmTransferred,
  type EventEnvelope,
} from '@infinibay/contracts';
import { newEvent } from '@infinibay/platform-persistence';
import type { Vm as VmRow } from '../generated/prisma/client.js';

export const createdEvent = (vm: VmRow): EventEnvelope =>
  newEvent(vmCreated, {
    departmentId: vm.departmentId,
    resource: { kind: 'vm', id: vm.id },
    data: {
      vmId: vm.id,
      name: vm.name,
      ownerId: vm.ownerId,
      imageId: vm.imageId,
      vcpus: vm.vcpus,
      memoryMib: vm.memoryMib,
    },
  });

/** What tells that the state became `to`; none when it was so. Pausing has events of its own beside the published states. */
export const stateEvents = (
  vm: Pick<VmRow, 'id' | 'departmentId' | 'state'>,
  to: VmRow['state'],
  reason: string | null,
): EventEnvelope[] => {
  const about = { departmentId: vm.departmentId, resource: { kind: 'vm', id: vm.id } } as const;
  const [before, after] = [toVmStateV1(vm.state), toVmStateV1(to)];
  const events: EventEnvelope[] = [];
  if (before !== after)
    events.push(newEvent(vmStateChanged, { ...about, data: { vmId: vm.id, from: before, to: after, reason } }));
  if (vm.state !== 'PAUSED' && to === 'PAUSED')
    events.push(newEvent(vmPaused, { ...about, data: { vmId: vm.id, reason: reason ?? 'unknown' } }));
  if (vm.state === 'PAUSED' && to === 'RUNNING') events.push(newEvent(vmResumed, { ...about, data: { vmId: vm.id } }));
  return events;
};

export const deletedEvent = (vm: VmRow): EventEnvelope =>
  newEvent(vmDeleted, {
    departmentId: vm.departmentId,
    resource: { kind: 'vm', id: vm.id },
    data: { vmId: vm.id, name: vm.name },
  });

/** @param vm as it was before */
export const transferredEvent = (vm: Pick<VmRow, 'id' | 'departmentId' | 'ownerId'>, ownerId: string): EventEnvelope =>
  newEvent(vmTransferred, {
    departmentId: vm.departmentId,
    resource: { kind: 'vm', id: vm.id },
    data: { vmId: vm.id, fromOwnerId: vm.ownerId, ownerId },
  });

/** @param vm as it was before */
export const migratedEvent = (
  vm: Pick<VmRow, 'id' | 'departmentId' | 'hostId' | 'fence'>,
  toHostId: string,
): EventEnvelope =>
  newEvent(vmMigrated, {
    departmentId: vm.departmentId,
    resource: { kind: 'vm', id: vm.id },
    data: { vmId: vm.id, fromHostId: vm.hostId, toHostId, fence: vm.fence },
  });

/** @param vm as it was before */
export const leftEvent = (vm: Pick<VmRow, 'id' | 'departmentId' | 'name'>): EventEnvelope =>
  newEvent(vmLeftDepartment, {
    departmentId: vm.departmentId,
    resource: { kind: 'vm', id: vm.id },
    data: { vmId: vm.id, name: vm.name },
  });

/** @param vm as it is from now on */
export const joinedEvent = (vm: VmRow): EventEnvelope =>
  newEvent(vmJoinedDepartment, {
    departmentId: vm.departmentId,
    resource: { kind: 'vm', id: vm.id },
    data: {
      vmId: vm.id,
      name: vm.name,
      ownerId: vm.ownerId,
      imageId: vm.imageId,
      vcpus: vm.vcpus,
      memoryMib: vm.memoryMib,
      fence: vm.fence,
    },
  });

export const deletionScheduledEvent = (
  vm: Pick<VmRow, 'id' | 'departmentId' | 'name'>,
  purgeAt: Date,
  deleteVolumes: boolean,
): EventEnvelope =>
  newEvent(vmDeletionScheduled, {
    departmentId: vm.departmentId,
    resource: { kind: 'vm', id: vm.id },
    data: { vmId: vm.id, name: vm.name, purgeAt: purgeAt.toISOString(), deleteVolumes },
  });

export const deletionCancelledEvent = (vm: Pick<VmRow, 'id' | 'departmentId' | 'name'>): EventEnvelope =>
  newEvent(vmDeletionCancelled, {
    departmentId: vm.departmentId,
    resource: { kind: 'vm', id: vm.id },
    data: { vmId: vm.id, name: vm.name },
  });
