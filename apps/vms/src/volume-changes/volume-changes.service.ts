import { can, type Verb } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { currentContext } from '@infinibay/platform-logging';
import { databaseNow, newId } from '@infinibay/platform-persistence';
import { isUuid, type Mutation, type MutationEffect } from '@infinibay/platform-subgraph';
import type { VolumeOperationKind } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { bytesToGib } from '../catalog/sizes.js';
import { Change, type Transaction } from '../database.js';
import type { Volume as VolumeRow, VolumeState } from '../generated/prisma/client.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { QuotaAdmission } from '../quotas/quota.admission.js';
import { VolumeRepository } from '../volumes/volume.repository.js';
import { VolumePlacement } from './volume-placement.js';
import { VolumeReconciler } from './volume.reconciler.js';
import { CloneVolume, CreateVolume, MoveVolume, ResizeVolume, VolumeAction } from './volume.inputs.js';

/** Ids of what a mutation accepted; also what a repeated call with the same key gets. */
export interface AcceptedVolume {
  readonly volumeId: string;
  readonly operationId: string;
}

/** In these a volume may be deleted; in others something else has to end first. */
const DELETABLE: readonly VolumeState[] = ['CREATING', 'AVAILABLE', 'RESIZING', 'ERROR'];

/** Accepts what users want of volumes. The doing is the reconciler's. */
@Injectable()
export class VolumeChangesService {
  constructor(
    private readonly change: Change,
    private readonly volumes: VolumeRepository,
    private readonly placement: VolumePlacement,
    private readonly quotas: QuotaAdmission,
    private readonly operations: OperationRepository,
    private readonly reconciler: VolumeReconciler,
  ) {}

  /** @throws DomainError INVALID_INPUT, DEPARTMENT_NOT_FOUND, VM_NOT_FOUND, POOL_NOT_FOUND, NO_SUITABLE_POOL, POOL_FULL, QUOTA_EXCEEDED, NAME_TAKEN */
  create(actor: Actor, rawInput: unknown): Promise<AcceptedVolume> {
    const { idempotencyKey: key, ...input } = validateInput(CreateVolume, rawInput);
    const prepare = (): Promise<void> => this.placement.requireDepartment(actor, input.departmentId);
    return this.accept({ actor, key, operation: 'createVolume', input, prepare }, async (tx) => {
      const capacityBytes = BigInt(input.capacityBytes);
      const pool = await this.placement.place(tx, actor, input, capacityBytes);
      // Last: nothing else may be waited for under this lock.
      await this.quotas.admit(tx, input.departmentId, { diskGib: bytesToGib(capacityBytes) });
      const volume = await this.volumes.create(tx, {
        id: newId(),
        departmentId: input.departmentId,
        ownerId: actor.userId,
        name: input.name,
        poolId: pool.id,
        hostId: pool.hostId,
        capacityBytes,
        reconcileAt: await databaseNow(tx),
      });
      return this.journal(tx, volume, actor, key, 'CREATE_VOLUME');
    });
  }

  /** @throws DomainError INVALID_INPUT, VOLUME_NOT_FOUND, VOLUME_BUSY, VOLUME_IN_SNAPSHOT, VM_MEMORY_SAVED, DELETION_SCHEDULED, VOLUME_CANNOT_SHRINK, POOL_FULL, NO_SUITABLE_POOL, QUOTA_EXCEEDED */
  resize(actor: Actor, rawInput: unknown): Promise<AcceptedVolume> {
    const { idempotencyKey: key, ...input } = validateInput(ResizeVolume, rawInput);
    return this.accept({ actor, key, operation: 'resizeVolume', input }, async (tx) => {
      const volume = await this.lock(tx, actor, 'update', input.volumeId);
      const { state, attachment } = volume;
      if (state !== 'AVAILABLE' || (attachment !== null && attachment !== 'ATTACHED'))
        throw new DomainError('VOLUME_BUSY', { state, attachment });
      await this.placement.requireChangeable(tx, volume);
      const capacityBytes = BigInt(input.capacityBytes);
      if (capacityBytes < volume.capacityBytes)
        throw new DomainError('VOLUME_CANNOT_SHRINK', { capacityBytes: Number(volume.capacityBytes) });
      await this.placement.requireRoom(tx, volume.poolId, capacityBytes);
      const moreBytes = capacityBytes - volume.capacityBytes;
      if (moreBytes > 0n) await this.quotas.admit(tx, volume.departmentId, { diskGib: bytesToGib(moreBytes) });
      await this.makeDue(tx, volume, { capacityBytes, state: 'RESIZING' });
      return this.journal(tx, volume, actor, key, 'RESIZE_VOLUME');
    });
  }

  /** @throws DomainError INVALID_INPUT, VOLUME_NOT_FOUND, VOLUME_BUSY, VOLUME_IN_SNAPSHOT, VM_MEMORY_SAVED, DELETION_SCHEDULED, POOL_NOT_FOUND, POOL_FULL, NO_SUITABLE_POOL */
  move(actor: Actor, rawInput: unknown): Promise<AcceptedVolume> {
    const { idempotencyKey: key, ...input } = validateInput(MoveVolume, rawInput);
    return this.accept({ actor, key, operation: 'moveVolume', input }, async (tx) => {
      const volume = await this.lock(tx, actor, 'update', input.volumeId);
      await this.placement.requireRunningOrFree(volume);
      await this.placement.requireChangeable(tx, volume);
      const pool = await this.placement.requireOtherPool(tx, volume, input.poolId);
      await this.makeDue(tx, volume, { targetPoolId: pool.id, state: 'MOVING' });
      return this.journal(tx, volume, actor, key, 'MOVE_VOLUME');
    });
  }

  /** @throws DomainError INVALID_INPUT, VOLUME_NOT_FOUND, VOLUME_BUSY, VOLUME_IN_USE, POOL_NOT_FOUND, POOL_FULL, NO_SUITABLE_POOL, QUOTA_EXCEEDED, NAME_TAKEN */
  clone(actor: Actor, rawInput: unknown): Promise<AcceptedVolume> {
    const { idempotencyKey: key, ...input } = validateInput(CloneVolume, rawInput);
    return this.accept({ actor, key, operation: 'cloneVolume', input }, async (tx) => {
      const source = await this.lock(tx, actor, 'create', input.volumeId);
      const { state, attachedVmId, capacityBytes, departmentId, hostId } = source;
      if (attachedVmId !== null) throw new DomainError('VOLUME_IN_USE', { vmId: attachedVmId });
      if (state !== 'AVAILABLE') throw new DomainError('VOLUME_BUSY', { state });
      const pool = await this.placement.requireRoom(tx, input.poolId ?? source.poolId, capacityBytes);
      if (pool.hostId !== hostId) throw new DomainError('POOL_NOT_FOUND');
      // Last: nothing else may be waited for under this lock.
      await this.quotas.admit(tx, departmentId, { diskGib: bytesToGib(capacityBytes) });
      const volume = await this.volumes.create(tx, {
        id: newId(),
        departmentId,
        ownerId: actor.userId,
        name: input.name,
        poolId: pool.id,
        hostId,
        cloneSourceId: source.id,
        capacityBytes,
        reconcileAt: await databaseNow(tx),
      });
      return this.journal(tx, volume, actor, key, 'CLONE_VOLUME');
    });
  }

  /** @throws DomainError INVALID_INPUT, VOLUME_NOT_FOUND, VOLUME_BUSY, VOLUME_IN_USE */
  delete(actor: Actor, rawInput: unknown): Promise<AcceptedVolume> {
    const { idempotencyKey: key, ...input } = validateInput(VolumeAction, rawInput);
    return this.accept({ actor, key, operation: 'deleteVolume', input }, async (tx) => {
      const volume = await this.lock(tx, actor, 'delete', input.volumeId);
      const { state, attachedVmId } = volume;
      if (!DELETABLE.includes(state)) throw new DomainError('VOLUME_BUSY', { state });
      if (attachedVmId !== null) throw new DomainError('VOLUME_IN_USE', { vmId: attachedVmId });
      await this.makeDue(tx, volume, { isUnwanted: true, activeNameKey: null, state: 'DELETING' });
      return this.journal(tx, volume, actor, key, 'DELETE_VOLUME');
    });
  }

  private async lock(tx: Transaction, actor: Actor, verb: Verb, volumeId: string): Promise<VolumeRow> {
    const volume = isUuid(volumeId) ? await this.volumes.lock(tx, volumeId) : null;
    if (
      volume === null ||
      volume.state === 'DELETED' ||
      !can(actor, verb, { kind: 'volume', departmentId: volume.departmentId })
    )
      throw new DomainError('VOLUME_NOT_FOUND');
    // What is copied stays as it is; it may be copied more than once.
    if (verb !== 'create') await this.volumes.requireNotCloned(tx, volume.id);
    return volume;
  }

  private async makeDue(
    tx: Transaction,
    { id }: VolumeRow,
    wish: Parameters<VolumeRepository['update']>[2],
  ): Promise<void> {
    const due = { reconcileAt: await databaseNow(tx), failedAttempts: 0, errorCode: null, errorMessage: null };
    await this.volumes.update(tx, id, { ...due, ...wish });
  }

  private async journal(
    tx: Transaction,
    { id: volumeId, departmentId }: VolumeRow,
    actor: Actor,
    idempotencyKey: string,
    kind: VolumeOperationKind,
  ): Promise<MutationEffect<AcceptedVolume>> {
    const operationId = newId();
    const { correlationId } = currentContext();
    const asked = { id: operationId, kind, volumeId, departmentId, actorId: actor.userId };
    const events = await this.operations.addOfVolume(tx, { ...asked, idempotencyKey, correlationId });
    return { answer: { volumeId, operationId }, resourceId: volumeId, events };
  }

  /** Rows of volumes and operations stay when the volume is gone: ids are answer enough, the resolver checks who may see them. */
  private accept<Prepared>(
    asked: Omit<Mutation<Prepared, AcceptedVolume, AcceptedVolume>, 'resourceKind' | 'show' | 'wake'>,
    work: (tx: Transaction) => Promise<MutationEffect<AcceptedVolume>>,
  ): Promise<AcceptedVolume> {
    const show = (stored: AcceptedVolume): AcceptedVolume => stored;
    const wake = (): void => {
      this.reconciler.wake();
    };
    return this.change.commit({ ...asked, resourceKind: 'volume', show, wake }, work);
  }
}
