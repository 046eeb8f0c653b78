import {
  abortVolumeMove,
  cloneVolume,
  ensurePooledVolume,
  moveVolume,
  type ReplyOf,
  type RequestOf,
} from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import type { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';
import { VolumeCloning } from './volume-cloning.js';
import { VolumeCopies } from './volume-copies.js';
import { VolumeMoving } from './volume-moving.js';
import { VolumeService } from './volume.service.js';

/** A request on a volume, by its own gate and fence. */
interface OnAVolume {
  readonly volumeId: string;
  readonly fence: number;
}

/** Volumes that go from pool to pool. Copies are begun within the gate of the volume, and go on without it. */
@Controller()
export class VolumeMovesHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly volumes: VolumeService,
    private readonly copies: VolumeCopies,
    private readonly moving: VolumeMoving,
    private readonly cloning: VolumeCloning,
  ) {}

  @Authorize()
  @HandlesRequest(ensurePooledVolume)
  ensure(
    request: RequestOf<typeof ensurePooledVolume>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof ensurePooledVolume>> {
    const { volumeId, capacityBytes, poolName } = request;
    const ensure = (deadline: Deadline) => this.volumes.ensure(volumeId, capacityBytes, poolName, deadline);
    return this.ofVolume(request, until, ensure);
  }

  @Authorize()
  @HandlesRequest(moveVolume)
  move(request: RequestOf<typeof moveVolume>, { deadline: until }: RequestMeta): Promise<ReplyOf<typeof moveVolume>> {
    const begin = (deadline: Deadline) => this.moving.begin(request, deadline);
    return this.copied(request, until, `move to ${request.poolName}`, begin);
  }

  @Authorize()
  @HandlesRequest(abortVolumeMove)
  async abort(
    request: RequestOf<typeof abortVolumeMove>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof abortVolumeMove>> {
    const { volumeId } = request;
    await this.ofVolume(request, until, (deadline) => this.moving.abort(volumeId, deadline));
    return { poolName: this.volumes.poolNameOf(volumeId) };
  }

  @Authorize()
  @HandlesRequest(cloneVolume)
  async clone(
    request: RequestOf<typeof cloneVolume>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof cloneVolume>> {
    const { volumeId, sourceVolumeId } = request;
    const begin = (deadline: Deadline) => this.cloning.begin(request, deadline);
    const progress = await this.copied(request, until, `copy of ${sourceVolumeId}`, begin);
    const capacityBytes = progress.isComplete ? await this.volumes.requireSound(volumeId, true) : 0;
    return { ...progress, capacityBytes };
  }

  /** Begun, joined, and told how far it is. */
  private async copied(
    request: OnAVolume,
    until: number,
    name: string,
    begin: (deadline: Deadline) => Promise<{ readonly work: Promise<void> }>,
  ): Promise<ReplyOf<typeof moveVolume>> {
    const { volumeId } = request;
    const work = await this.ofVolume(request, until, (deadline) =>
      this.copies.join(volumeId, name, () => begin(deadline)),
    );
    const done = work === undefined ? undefined : await this.copies.outcomeOf(volumeId, work, until);
    const { copiedBytes, totalBytes } = this.copies.progressOf(volumeId);
    return { isComplete: done !== undefined, copiedBytes, totalBytes };
  }

  private ofVolume<T>(
    { volumeId, fence }: OnAVolume,
    until: number,
    work: (deadline: Deadline) => Promise<T>,
  ): Promise<T> {
    return this.gate.perform({ vmId: volumeId, fence }, until, work);
  }
}
