import { readableDepartments } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor } from '@infinibay/platform-graphql';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { toOperation } from '../operations/operation.mapper.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { toVolume } from '../volumes/volume.mapper.js';
import { Volume } from '../volumes/volume.model.js';
import { VolumeRepository } from '../volumes/volume.repository.js';
import { VolumeChangesService, type AcceptedVolume } from './volume-changes.service.js';
import {
  CloneVolumeInput,
  CreateVolumeInput,
  MoveVolumeInput,
  ResizeVolumeInput,
  VolumeActionInput,
} from './volume.inputs.js';
import { VolumeOperationResult } from './volume-operation-result.model.js';

@Resolver(() => Volume)
export class VolumeMutationResolver {
  constructor(
    private readonly service: VolumeChangesService,
    private readonly operations: OperationRepository,
    private readonly volumes: VolumeRepository,
  ) {}

  @Authorize()
  @Mutation(() => VolumeOperationResult, {
    description:
      'Makes an empty data disk. Errors: DEPARTMENT_NOT_FOUND, NAME_TAKEN, VM_NOT_FOUND, POOL_NOT_FOUND, POOL_FULL (it has less free than its reserve, or is smaller than the volume), NO_SUITABLE_POOL (none is heard of), QUOTA_EXCEEDED, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  createVolume(@Args('input') input: CreateVolumeInput, @CurrentActor() actor: Actor): Promise<VolumeOperationResult> {
    return this.show(actor, this.service.create(actor, input));
  }

  @Authorize()
  @Mutation(() => VolumeOperationResult, {
    description:
      'Makes a volume larger, also while a guest uses it, which sees the new size at once. When it cannot be, the operation ends FAILED and the volume is as it was. Errors: VOLUME_NOT_FOUND, VOLUME_BUSY (it is not AVAILABLE, or is being attached or detached), VOLUME_IN_SNAPSHOT, VM_MEMORY_SAVED, DELETION_SCHEDULED, VOLUME_CANNOT_SHRINK, POOL_FULL, NO_SUITABLE_POOL, QUOTA_EXCEEDED, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  resizeVolume(@Args('input') input: ResizeVolumeInput, @CurrentActor() actor: Actor): Promise<VolumeOperationResult> {
    return this.show(actor, this.service.resize(actor, input));
  }

  @Authorize()
  @Mutation(() => VolumeOperationResult, {
    description:
      'Removes a volume with all that is on it. Errors: VOLUME_NOT_FOUND, VOLUME_IN_USE (it is attached: detachVolume first), VOLUME_BUSY (it is being deleted), INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  deleteVolume(@Args('input') input: VolumeActionInput, @CurrentActor() actor: Actor): Promise<VolumeOperationResult> {
    return this.show(actor, this.service.delete(actor, input));
  }

  @Authorize()
  @Mutation(() => VolumeOperationResult, {
    description:
      'Moves a volume to another pool of its host: a free one, or one that is attached to a VM whose guest runs, which notices nothing. cancelOperation takes it back while its bytes are copied. When it can not be moved the operation ends FAILED (also with DEADLINE_EXCEEDED, HYPERVISOR_ERROR, OPERATION_CANCELLED) and the volume is where it was. Errors: VOLUME_NOT_FOUND, VOLUME_BUSY (it is not AVAILABLE, is being attached, detached or cloned, is in that pool already, or its VM is off), VOLUME_IN_SNAPSHOT, VM_MEMORY_SAVED, DELETION_SCHEDULED, POOL_NOT_FOUND (also a pool of another host), POOL_FULL, NO_SUITABLE_POOL, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  moveVolume(@Args('input') input: MoveVolumeInput, @CurrentActor() actor: Actor): Promise<VolumeOperationResult> {
    return this.show(actor, this.service.move(actor, input));
  }

  @Authorize()
  @Mutation(() => VolumeOperationResult, {
    description:
      'Makes a volume with what another holds that is attached to nothing, in its department and on its host. The other is VOLUME_BUSY until that is done. Errors: VOLUME_NOT_FOUND, VOLUME_IN_USE (it is attached: detachVolume first), VOLUME_BUSY (it is not AVAILABLE), NAME_TAKEN, POOL_NOT_FOUND (also a pool of another host), POOL_FULL, NO_SUITABLE_POOL, QUOTA_EXCEEDED, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED. The operation may end with CLONE_SOURCE_UNUSABLE too',
  })
  cloneVolume(@Args('input') input: CloneVolumeInput, @CurrentActor() actor: Actor): Promise<VolumeOperationResult> {
    return this.show(actor, this.service.clone(actor, input));
  }

  /** A repeated call may come after the volume is gone: its row stays and still answers. */
  private async show(actor: Actor, asked: Promise<AcceptedVolume>): Promise<VolumeOperationResult> {
    const { volumeId, operationId } = await asked;
    const [volume, operation] = await Promise.all([
      this.volumes.findRow(volumeId),
      this.operations.find(operationId, readableDepartments(actor)),
    ]);
    if (volume === null || operation === null) throw new DomainError('VOLUME_NOT_FOUND');
    return { volume: toVolume(volume), operation: toOperation(operation) };
  }
}
