import { can } from '@infinibay/access-domain';
import { DomainError, type Actor, type EventEnvelope, type VmState } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { currentContext } from '@infinibay/platform-logging';
import { databaseNow, newId } from '@infinibay/platform-persistence';
import { isUuid, type Mutation, type MutationEffect } from '@infinibay/platform-subgraph';
import {
  actionOf,
  doneFor,
  isAllowed,
  isExclusive,
  isRefusedWhileScheduled,
  isRetry,
  type AnyAction,
  type OperationKind,
  type Parameters,
} from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { Reconciler } from '../reconcile/reconciler.js';
import { stateEvents } from '../vms/vm.events.js';
import { refuseWhileScheduled } from '../vms/scheduled-deletion.js';
import { VmRepository } from '../vms/vm.repository.js';
import { ActionEffects } from './action-effects.js';
import { inputSchemaOf, type Said } from './action-inputs.js';
import { CloneVm } from './vm-clone.inputs.js';
import { VmCreation } from './vm-creation.js';
import { CreateVm } from './vm.inputs.js';

/** Ids of what a mutation accepted; also what a repeated call with the same key gets. */
export interface Accepted {
  readonly vmId: string;
  readonly operationId: string;
}

/** What is committed with what a mutation accepts, or not at all: what it throws ends both. */
export interface Alongside {
  /** Before the VM is looked at. */
  readonly before?: (tx: Transaction) => Promise<void>;
  /** Not for a repeated call, which accepts nothing. */
  readonly after: (tx: Transaction, accepted: Accepted) => Promise<void>;
  /** What the audit says of it beside the mutation, where nobody asked just then. */
  readonly occasion?: string;
}

/** What somebody wants of a VM. */
export interface Asked {
  readonly kind: OperationKind;
  readonly actor: Actor;
  readonly key: string;
  readonly parameters: Parameters;
}

/** Accepts what users want of VMs. The doing is the reconciler's. */
@Injectable()
export class VmChangesService {
  constructor(
    private readonly change: Change,
    private readonly vms: VmRepository,
    private readonly operations: OperationRepository,
    private readonly creation: VmCreation,
    private readonly effects: ActionEffects,
    private readonly reconciler: Reconciler,
  ) {}

  /**
   * Commits the VM, its operation, the key and the events in one transaction; building begins after that.
   * A repeated call gets the first one's answer, whatever has disappeared since.
   * @throws DomainError INVALID_INPUT, DEPARTMENT_NOT_FOUND, NETWORK_REQUIRED, NETWORK_NOT_FOUND, NAME_TAKEN, and what VmAdmission throws
   */
  async create(actor: Actor, rawInput: unknown): Promise<Accepted> {
    const { idempotencyKey: key, ...input } = validateInput(CreateVm, rawInput);
    // One vCPU is what an image gets when nothing is said.
    const vcpus = input.imageId !== null && input.vcpus === 1 ? null : input.vcpus;
    const prepare = (): Promise<string | null> => this.creation.selectNetwork(actor, input);
    // What is not said is not compared: a key of an older version, which could not say it, is known again.
    const { maxVcpus, maxMemoryMib, cloudInit, imageCopies, autostart: said, placementGroupIds, ...always } = input;
    // Without a template, no is what nothing said comes to.
    const autostart = input.templateId === null && said === false ? null : said;
    const room = { ...(maxVcpus === null ? {} : { maxVcpus }), ...(maxMemoryMib === null ? {} : { maxMemoryMib }) };
    const shown = { ...(cloudInit === null ? {} : { cloudInit }), ...(autostart === null ? {} : { autostart }) };
    const grouped = placementGroupIds === null ? {} : { placementGroupIds };
    const placed = imageCopies === null ? {} : { imageCopies };
    const compared = { ...always, vcpus, ...room, ...shown, ...grouped, ...placed };
    const asked = { actor, key, operation: 'createVm', input: compared, prepare };
    return this.accept(asked, async (tx, networkId) => {
      const { vm, events } = await this.creation.make(tx, actor, { idempotencyKey: key, ...input }, networkId);
      return this.journal(tx, vm, { kind: 'CREATE_VM', actor, key, parameters: {} }, events);
    });
  }

  /**
   * The same for a VM that is made of another, which is locked meanwhile: what is asked of it after that finds the clone.
   * @throws DomainError INVALID_INPUT, VM_NOT_FOUND, VM_BUSY, VM_MEMORY_SAVED, DELETION_SCHEDULED, and what VmCloning throws
   */
  async clone(actor: Actor, rawInput: unknown, parameters: Parameters): Promise<Accepted> {
    const { idempotencyKey: key, ...input } = validateInput(CloneVm, rawInput);
    if (!isUuid(input.vmId)) throw new DomainError('VM_NOT_FOUND');
    const kind = 'CLONE_VM';
    const asked = { actor, key, operation: kind, verb: actionOf(kind).mutation, input: { ...input, ...parameters } };
    return this.accept(asked, async (tx) => {
      const source = await this.lock(tx, actor, kind, input.vmId, undefined);
      const { vm, events } = await this.effects.clone(tx, actor, source, input);
      return this.journal(tx, vm, { kind, actor, key, parameters }, events);
    });
  }

  /** @throws DomainError INVALID_INPUT, VM_NOT_FOUND, VM_BUSY, VM_MEMORY_SAVED, DELETION_PROTECTED, DELETION_SCHEDULED, and what ActionEffects throws */
  async request(
    actor: Actor,
    kind: Exclude<OperationKind, 'CREATE_VM' | 'CLONE_VM'>,
    rawInput: unknown,
    options: Parameters,
    alongside?: Alongside,
  ): Promise<Accepted> {
    const { idempotencyKey: key, ...input } = validateInput(inputSchemaOf(kind), rawInput);
    const parameters = {
      ...options,
      ...(typeof input.volumeId === 'string' ? { volumeId: input.volumeId } : {}),
      ...(typeof input.snapshotId === 'string' ? { snapshotId: input.snapshotId } : {}),
    };
    if (!isUuid(input.vmId)) throw new DomainError('VM_NOT_FOUND');
    const { mutation } = actionOf(kind);
    const verb = alongside?.occasion === undefined ? mutation : `${mutation}:${alongside.occasion}`;
    const prepare = (): Promise<Said> => this.effects.prepare(kind, input);
    const asked = { actor, key, operation: kind, verb, input: { ...input, ...parameters }, prepare };
    return this.accept(asked, async (tx, said) => {
      await alongside?.before?.(tx);
      const effect = await this.take(tx, { kind, actor, key, parameters }, said);
      await alongside?.after(tx, effect.answer);
      return effect;
    });
  }

  /**
   * What is done of it in the transaction that accepts it, for a mutation that is more than its action.
   * @throws DomainError VM_NOT_FOUND, VM_BUSY, VM_MEMORY_SAVED, DELETION_PROTECTED, DELETION_SCHEDULED, and what ActionEffects throws
   */
  async take(tx: Transaction, asked: Asked, input: Said): Promise<MutationEffect<Accepted>> {
    const { kind, actor, parameters } = asked;
    const vm = await this.lock(tx, actor, kind, input.vmId, parameters.volumeId);
    const named = await this.effects.named(tx, vm, { kind, actor, parameters, input });
    const told = await this.effects.accept(tx, vm, { kind, actor, parameters: named, input });
    const events = [...told, ...(await this.makeDue(tx, vm, kind, named))];
    return this.journal(tx, vm, { ...asked, parameters: named }, events);
  }

  /** Call it after the commit of what was taken. */
  wake(): void {
    this.reconciler.wake();
  }

  /** The VM, of which this may be asked now. @throws DomainError VM_NOT_FOUND, VM_BUSY, VM_MEMORY_SAVED, DELETION_PROTECTED, DELETION_SCHEDULED, DELETION_NOT_SCHEDULED */
  private async lock(
    tx: Transaction,
    actor: Actor,
    kind: OperationKind,
    vmId: string,
    volumeId: string | undefined,
  ): Promise<VmRow> {
    const { permission, destroys, deletion, refusedWhileSaved } = actionOf(kind);
    const vm = await this.vms.lock(tx, vmId);
    if (
      vm === null ||
      vm.state === 'DELETED' ||
      !can(actor, permission, { kind: 'vm', departmentId: vm.departmentId })
    ) {
      throw new DomainError('VM_NOT_FOUND');
    }
    if (isRefusedWhileScheduled(kind)) refuseWhileScheduled(vm);
    if (deletion === 'taken-back' && vm.purgeAt === null && vm.state !== 'DELETING')
      throw new DomainError('DELETION_NOT_SCHEDULED');
    if (!isAllowed(kind, vm.state)) throw new DomainError('VM_BUSY', { state: vm.state });
    if ((destroys === true || deletion === 'scheduled') && vm.deletionProtected)
      throw new DomainError('DELETION_PROTECTED');
    await this.refuseWhileOpen(tx, vm, kind, volumeId);
    if (refusedWhileSaved === true && vm.savedAt !== null) throw new DomainError('VM_MEMORY_SAVED');
    return vm;
  }

  /** What may not be done twice at a time, or while its disk is copied. @throws DomainError VM_BUSY */
  private async refuseWhileOpen(
    tx: Transaction,
    vm: VmRow,
    kind: OperationKind,
    volumeId: string | undefined,
  ): Promise<void> {
    const { supersedes, takesBack, destroys, deletion } = actionOf(kind);
    if (destroys === true) return;
    // A deletion that is taken back leaves the disk alone, and could come before the copy's end.
    const isOfDisk = kind !== 'CLONE_VM' && deletion !== 'taken-back';
    const copiedFor = isOfDisk ? await this.vms.copiedFor(tx, vm.id) : null;
    if (copiedFor !== null) throw new DomainError('VM_BUSY', { state: vm.state, operation: copiedFor });
    const open = await this.operations.open(vm.id, tx);
    if (open !== null && isExclusive(open.kind))
      throw new DomainError('VM_BUSY', { state: vm.state, operation: open.kind });
    // Who waited for it waits no more: only what it shall be may be said of it, which holds wherever it is.
    const isOfWish = 'wish' in actionOf(kind) || isRetry(kind);
    if (!isOfWish && (await this.vms.isOnItsWay(tx, vm.id)))
      throw new DomainError('VM_BUSY', { state: vm.state, reason: 'it is being moved to another host' });
    if (supersedes === 'all') return;
    if (open !== null && open.kind === takesBack && open.parameters.volumeId === volumeId) return;
    if (open !== null && (supersedes === 'none' || open.kind === kind))
      throw new DomainError('VM_BUSY', { state: vm.state, operation: open.kind });
  }

  /** A wish is kept with the VM, which shows it from now on, and so is its spec; a task is read from its operation. */
  private async makeDue(
    tx: Transaction,
    vm: VmRow,
    kind: OperationKind,
    parameters: Parameters,
  ): Promise<EventEnvelope[]> {
    const action = actionOf(doneFor(kind, parameters));
    const due = { reconcileAt: await databaseNow(tx), failedAttempts: 0 };
    const wished = 'wish' in action ? { desired: action.wish.desired, shows: action.shows } : beforeTask(action);
    if (wished === null) {
      await this.vms.update(tx, vm.id, due);
      return [];
    }
    const { desired } = wished;
    const state = wished.shows ?? vm.state;
    const pauseReason = state === 'PAUSED' ? vm.pauseReason : null;
    // Of what a VM stays in error, it goes on saying why.
    const error = state === 'ERROR' ? {} : { errorCode: null, errorMessage: null };
    await this.vms.update(tx, vm.id, { ...due, ...error, pauseReason, desired, state });
    return stateEvents(vm, state, kind);
  }

  private async journal(
    tx: Transaction,
    vm: VmRow,
    { kind, actor, key, parameters }: Asked,
    events: EventEnvelope[],
  ): Promise<MutationEffect<Accepted>> {
    const operationId = newId();
    const opened = await this.operations.add(tx, {
      id: operationId,
      kind,
      vmId: vm.id,
      departmentId: vm.departmentId,
      actorId: actor.userId,
      idempotencyKey: key,
      correlationId: currentContext().correlationId,
      parameters,
    });
    return { answer: { vmId: vm.id, operationId }, resourceId: vm.id, events: [...events, ...opened] };
  }

  /** Rows of VMs and operations stay when the VM is gone: ids are answer enough, the resolver checks who may see them. */
  private accept<Prepared>(
    asked: Omit<Mutation<Prepared, Accepted, Accepted>, 'resourceKind' | 'show' | 'wake'>,
    work: (tx: Transaction, prepared: Awaited<Prepared>) => Promise<MutationEffect<Accepted>>,
  ): Promise<Accepted> {
    const show = (stored: Accepted): Accepted => stored;
    const wake = (): void => {
      this.wake();
    };
    return this.change.commit({ ...asked, resourceKind: 'vm', show, wake }, work);
  }
}

/** What a VM shall be before a task is done to it; null: what it is. */
const beforeTask = (action: AnyAction): { readonly desired: string; readonly shows: VmState } | null =>
  'before' in action && action.before !== undefined ? action.before : null;
