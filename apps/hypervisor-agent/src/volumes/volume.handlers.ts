import {
  DEFAULT_POOL,
  attachVolume,
  detachVolume,
  ensureVolume,
  growVolume,
  inspectVolume,
  removeVolume,
  type ReplyOf,
  type RequestOf,
} from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import type { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';
import { VolumeAttachments } from './volume-attachments.js';
import { VolumeCopies } from './volume-copies.js';
import { VolumeService } from './volume.service.js';

/**
 * Commands of the vms service on volumes. What changes a volume passes the gate by the volume's id and fence, what changes
 * a VM by the VM's: ids of both are of one kind and never the same.
 */
@Controller()
export class VolumeHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly volumes: VolumeService,
    private readonly attachments: VolumeAttachments,
    private readonly copies: VolumeCopies,
  ) {}

  @Authorize()
  @HandlesRequest(inspectVolume)
  async inspect({ volumeId }: RequestOf<typeof inspectVolume>): Promise<ReplyOf<typeof inspectVolume>> {
    const finding = await this.volumes.inspect(volumeId, true);
    if (finding.status !== 'SOUND') return { ...finding, capacityBytes: null, allocationBytes: null };
    return { ...finding, problem: null };
  }

  @Authorize()
  @HandlesRequest(ensureVolume)
  ensure(
    request: RequestOf<typeof ensureVolume>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof ensureVolume>> {
    const { volumeId, capacityBytes } = request;
    const ensure = (deadline: Deadline) => this.volumes.ensure(volumeId, capacityBytes, DEFAULT_POOL, deadline);
    return this.ofVolume(request, until, ensure);
  }

  /** In turn with what is done to its VM: between the look at the guest and the change nobody may start or stop it. */
  @Authorize()
  @HandlesRequest(growVolume)
  grow(request: RequestOf<typeof growVolume>, { deadline: until }: RequestMeta): Promise<ReplyOf<typeof growVolume>> {
    const { volumeId, vmId, capacityBytes } = request;
    return this.ofVolume(request, until, (deadline) => {
      const grow = () => this.attachments.grow(vmId, volumeId, capacityBytes, deadline);
      return vmId === null ? grow() : this.gate.unfenced(vmId, grow, deadline);
    });
  }

  @Authorize()
  @HandlesRequest(removeVolume)
  async remove(
    request: RequestOf<typeof removeVolume>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof removeVolume>> {
    const { volumeId } = request;
    const remove = async (deadline: Deadline): Promise<boolean> => {
      await this.copies.cancel(volumeId);
      this.copies.requireNoneOf(volumeId);
      return this.volumes.remove(volumeId, deadline);
    };
    return { removed: await this.ofVolume(request, until, remove) };
  }

  @Authorize()
  @HandlesRequest(attachVolume)
  async attach(
    request: RequestOf<typeof attachVolume>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof attachVolume>> {
    return {
      isLive: await this.gate.perform(request, until, (deadline) => this.attachments.attach(request, deadline)),
    };
  }

  @Authorize()
  @HandlesRequest(detachVolume)
  async detach(
    request: RequestOf<typeof detachVolume>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof detachVolume>> {
    return {
      isDetached: await this.gate.perform(request, until, (deadline) => this.attachments.detach(request, deadline)),
    };
  }

  private ofVolume<T>(
    { volumeId, fence }: { readonly volumeId: string; readonly fence: number },
    until: number,
    work: (deadline: Deadline) => Promise<T>,
  ): Promise<T> {
    return this.gate.perform({ vmId: volumeId, fence }, until, work);
  }
}
