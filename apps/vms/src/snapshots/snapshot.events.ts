import { vmReverted, vmSnapshotDeleted, vmSnapshotTaken, type EventEnvelope } from '@infinibay/contracts';
import { newEvent } from '@infinibay/platform-persistence';
import type { VmSnapshot } from '../generated/prisma/client.js';

const about = ({ departmentId, vmId }: VmSnapshot) => ({ departmentId, resource: { kind: 'vm', id: vmId } }) as const;

export const takenEvent = (snapshot: VmSnapshot): EventEnvelope => {
  const { id: snapshotId, vmId, name, parentId, hasMemory } = snapshot;
  return newEvent(vmSnapshotTaken, { ...about(snapshot), data: { vmId, snapshotId, name, parentId, hasMemory } });
};

export const removedEvent = (snapshot: VmSnapshot): EventEnvelope => {
  const { id: snapshotId, vmId, name } = snapshot;
  return newEvent(vmSnapshotDeleted, { ...about(snapshot), data: { vmId, snapshotId, name } });
};

export const revertedEvent = (snapshot: VmSnapshot, withMemory: boolean): EventEnvelope => {
  const { id: snapshotId, vmId } = snapshot;
  return newEvent(vmReverted, { ...about(snapshot), data: { vmId, snapshotId, withMemory } });
};
