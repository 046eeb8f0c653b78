import type { Actor, EventEnvelope } from '@infinibay/contracts';
import { actionOf, doneFor, isSpecChange, type OperationKind, type Parameters } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { HostMaintenanceRepository } from '../hosts/host-maintenance.repository.js';
import type { Said } from './action-inputs.js';
import { withPort } from './port-changes.js';
import { SpecChanges } from './spec-changes.js';
import type { CloneVm } from './vm-clone.inputs.js';
import { VmCloning } from './vm-cloning.js';
import type { Made } from './vm-creation.js';
import { VmEffects } from './vm-effects.js';
import { VmSnapshots } from './vm-snapshots.js';
import { VolumeAttachment } from './volume-attachment.js';

interface AskedAction {
  readonly kind: OperationKind;
  readonly actor: Actor;
  readonly parameters: Parameters;
  readonly input: Said;
}

/** What an action writes beside the power of its VM, within the transaction that accepts it. */
@Injectable()
export class ActionEffects {
  constructor(
    private readonly specs: SpecChanges,
    private readonly volumes: VolumeAttachment,
    private readonly snapshots: VmSnapshots,
    private readonly cloning: VmCloning,
    private readonly ofVm: VmEffects,
    private readonly maintenances: HostMaintenanceRepository,
  ) {}

  /** The VM that is made of another. @param source locked @throws DomainError what VmCloning throws */
  clone(tx: Transaction, actor: Actor, source: VmRow, input: Pick<CloneVm, 'name' | 'snapshotId'>): Promise<Made> {
    return this.cloning.make(tx, actor, source, input);
  }

  /** What was said, with what has to be asked before a VM is locked. @throws DomainError what SpecChanges throws */
  prepare(kind: OperationKind, input: Said): Promise<Said> {
    return this.specs.prepare(kind, input);
  }

  /**
   * What the operation is told, with what it is to make, or does again.
   * @param vm locked
   * @throws DomainError what VmEffects throws
   */
  async named(tx: Transaction, vm: VmRow, { kind, actor, parameters, input }: AskedAction): Promise<Parameters> {
    const said = await this.ofVm.named(tx, vm, kind, actor, parameters);
    return withPort(kind, this.snapshots.named(kind, said), input);
  }

  /**
   * @param vm locked
   * @throws DomainError HOST_IN_MAINTENANCE, and what SpecChanges, VolumeAttachment, VmSnapshots and VmEffects throw
   */
  async accept(tx: Transaction, vm: VmRow, { kind, actor, parameters, input }: AskedAction): Promise<EventEnvelope[]> {
    const { powersOnFrom = [] } = actionOf(doneFor(kind, parameters));
    if (powersOnFrom.includes(vm.state)) await this.maintenances.requireOpen(tx, vm.hostId);
    await this.volumes.accept(tx, actor, vm, kind, parameters);
    await this.snapshots.accept(tx, vm, kind, actor, parameters, input);
    const told = await this.ofVm.accept(tx, vm, kind, actor, parameters, input);
    return isSpecChange(kind) ? this.specs.accept(tx, vm, { kind, actor, parameters, input }) : told;
  }
}
