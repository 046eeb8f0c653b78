import { vmCreated, vmDeleted, vmStateChanged, type EventEnvelope } from '@infinibay/contracts';
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

export const stateEvent = (
  vm: Pick<VmRow, 'id' | 'departmentId' | 'state'>,
  to: VmRow['state'],
  reason: string | null,
): EventEnvelope =>
  newEvent(vmStateChanged, {
    departmentId: vm.departmentId,
    resource: { kind: 'vm', id: vm.id },
    data: { vmId: vm.id, from: vm.state, to, reason },
  });

export const deletedEvent = (vm: VmRow): EventEnvelope =>
  newEvent(vmDeleted, {
    departmentId: vm.departmentId,
    resource: { kind: 'vm', id: vm.id },
    data: { vmId: vm.id, name: vm.name },
  });
