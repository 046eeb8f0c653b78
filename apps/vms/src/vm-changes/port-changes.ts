import { DomainError } from '@infinibay/contracts';
import {
  actionOf,
  requireRemovable,
  slotOfNewPort,
  slotOfReplacement,
  type OperationKind,
  type Parameters,
} from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { SnapshotRepository } from '../snapshots/snapshot.repository.js';
import { VmPortRepository } from '../vms/vm-port.repository.js';
import type { Said } from './action-inputs.js';

/** What is said of ports, with what networks knows of it. */
const SaidOfPorts = z.object({
  askedOf: z.string().default(''),
  from: z.string().nullable().default(null),
  to: z.string().nullable().default(null),
});

/** What the operation is told beside what was said: the network of the port that comes, or of the one that goes. */
export const withPort = (kind: OperationKind, parameters: Parameters, said: Said): Parameters => {
  if (actionOf(kind).changesPorts !== true) return parameters;
  const { from, to } = SaidOfPorts.parse(said);
  const portNetworkId = to ?? from;
  return portNetworkId === null ? parameters : { ...parameters, portNetworkId };
};

/** What an action on a VM means for its ports, within the transaction that accepts it and has the VM locked. */
@Injectable()
export class PortChanges {
  constructor(
    private readonly ports: VmPortRepository,
    private readonly snapshots: SnapshotRepository,
  ) {}

  /**
   * @param said checked, and prepared
   * @throws DomainError VM_BUSY, SNAPSHOT_HOLDS_MEMORY, NETWORK_NOT_FOUND, PORT_NOT_FOUND, PORT_EXISTS, PORT_LIMIT_REACHED,
   * PORT_BUSY, LAST_PORT
   */
  async accept(tx: Transaction, vm: VmRow, kind: OperationKind, said: Said): Promise<void> {
    if (actionOf(kind).changesPorts !== true) return;
    const { askedOf, from, to } = SaidOfPorts.parse(said);
    const ports = await this.ports.allOf(tx, vm);
    // It has just gone to another department, is on its way, or was never there.
    if (askedOf !== vm.departmentId || vm.toSettleIn || ports === null)
      throw new DomainError('VM_BUSY', { state: vm.state, reason: 'its network is not settled' });
    if (kind !== 'ADD_VM_PORT' && from === null) throw new DomainError('PORT_NOT_FOUND');
    if (kind !== 'REMOVE_VM_PORT' && to === null) throw new DomainError('NETWORK_NOT_FOUND');
    // Memory has the cards of then, whose addresses would be free for others.
    await this.snapshots.requireNoMemory(tx, vm.id);
    if (to === null) {
      const networkId = from ?? '';
      requireRemovable(ports, networkId);
      return this.ports.retire(tx, vm.id, networkId);
    }
    const slot = from === null ? slotOfNewPort(ports, to) : slotOfReplacement(ports, from, to);
    return this.ports.add(tx, vm.id, to, slot, from);
  }
}
