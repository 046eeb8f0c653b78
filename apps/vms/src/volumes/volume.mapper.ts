import { can } from '@infinibay/access-domain';
import { volumeSerial, type Actor } from '@infinibay/contracts';
import { reserveBytes } from '@infinibay/vms-domain';
import { bytesToGib } from '../catalog/sizes.js';
import type { StoragePool as StoragePoolRow, Volume as VolumeRow } from '../generated/prisma/client.js';
import { isUsable } from './storage-pool.repository.js';
import type { StoragePool, Volume } from './volume.model.js';

export const toVolume = (row: VolumeRow): Volume => ({
  id: row.id,
  name: row.name,
  state: row.state,
  capacityGib: bytesToGib(row.capacityBytes),
  allocationGib: bytesToGib(row.allocationBytes),
  serial: volumeSerial(row.id),
  attachment: row.attachment,
  target: row.target,
  error: row.errorCode === null ? null : { code: row.errorCode, message: row.errorMessage ?? row.errorCode },
  createdAt: row.createdAt,
  departmentId: row.departmentId,
  ownerId: row.ownerId,
  poolId: row.poolId,
  hostId: row.hostId,
  isBuilt: row.builtAt !== null,
  attachedVmId: row.attachedVmId,
});

/** Sizes of what belongs to nobody are the operators' business. */
export const toStoragePool = (row: StoragePoolRow, actor: Actor, now: Date, reservePercent: number): StoragePool => {
  const whole = can(actor, 'administer', { kind: 'host', departmentId: null });
  const { capacityBytes, availableBytes, problemCode: code } = row;
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    isUsable: isUsable(row, now),
    capacityGib: whole ? bytesToGib(capacityBytes) : null,
    allocationGib: whole ? bytesToGib(capacityBytes - availableBytes) : null,
    availableGib: whole ? bytesToGib(availableBytes) : null,
    reserveGib: whole ? bytesToGib(reserveBytes(row, reservePercent)) : null,
    error: code === null || !whole ? null : { code, message: row.problemMessage ?? code },
    observedAt: row.observedAt,
    hostId: row.hostId,
  };
};
