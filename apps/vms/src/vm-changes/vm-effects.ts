import type { Actor, EventEnvelope } from '@infinibay/contracts';
import { actionOf, isRetry, type OperationKind, type Parameters } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { DepartmentChange } from '../reconcile/department.change.js';
import type { Said } from './action-inputs.js';
import { CdromChanges } from './cdrom-changes.js';
import { KeptMemory } from './kept-memory.js';
import { PortChanges } from './port-changes.js';
import { SoftDeletion } from './soft-deletion.js';
import { VmRetry } from './vm-retry.js';

/** What an action writes of the VM itself, beside its power and its spec. The VM is locked by whoever asks. */
@Injectable()
export class VmEffects {
  constructor(
    private readonly kept: KeptMemory,
    private readonly deletions: SoftDeletion,
    private readonly departments: DepartmentChange,
    private readonly ports: PortChanges,
    private readonly cdroms: CdromChanges,
    private readonly retries: VmRetry,
  ) {}

  /** What the operation is told beside what was said: what it does again. @throws DomainError what VmRetry throws */
  async named(
    tx: Transaction,
    vm: VmRow,
    kind: OperationKind,
    actor: Actor,
    parameters: Parameters,
  ): Promise<Parameters> {
    return isRetry(kind) ? { ...parameters, ...(await this.retries.named(tx, vm, actor)) } : parameters;
  }

  /** @throws DomainError what KeptMemory, DepartmentChange, PortChanges and CdromChanges throw */
  async accept(
    tx: Transaction,
    vm: VmRow,
    kind: OperationKind,
    actor: Actor,
    parameters: Parameters,
    said: Said,
  ): Promise<EventEnvelope[]> {
    const { deletion } = actionOf(kind);
    await this.ports.accept(tx, vm, kind, said);
    await this.cdroms.accept(tx, vm, kind, said);
    if (kind === 'SAVE_VM') await this.kept.promise(tx, vm);
    if (kind === 'TRANSFER_VM') await this.departments.accept(tx, vm, parameters.departmentId ?? vm.departmentId);
    if (deletion === 'scheduled') return this.deletions.schedule(tx, vm, actor, parameters);
    return deletion === 'taken-back' ? this.deletions.cancel(tx, vm) : [];
  }
}
