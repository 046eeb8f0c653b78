import {
  createSnapshot,
  deleteSnapshot,
  dismissRevert,
  revertToSnapshot,
  type ReplyOf,
  type RequestOf,
} from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { RevertRecords } from '../vms/revert-records.js';
import { VmGate } from '../work/vm-gate.js';
import { SnapshotCapture } from './snapshot-capture.js';
import { SnapshotRemoval } from './snapshot-removal.js';
import { SnapshotRevert } from './snapshot-revert.js';
import { SnapshotWorks } from './snapshot-works.js';

/**
 * Commands of the vms service on snapshots. Each is begun within the gate of its VM, in order, and never by a replaced
 * worker; and goes on without it: memory takes as long as it is large, and whoever holds the gate for so long keeps the
 * power from being cut.
 */
@Controller()
export class SnapshotHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly works: SnapshotWorks,
    private readonly capture: SnapshotCapture,
    private readonly removal: SnapshotRemoval,
    private readonly reverts: SnapshotRevert,
    private readonly records: RevertRecords,
  ) {}

  @Authorize()
  @HandlesRequest(createSnapshot)
  async create(
    request: RequestOf<typeof createSnapshot>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof createSnapshot>> {
    const done = await this.works.through(`create ${request.snapshotId}`, request, until, (deadline) =>
      this.capture.begin(request, deadline),
    );
    const memoryBytes = done?.value ?? null;
    return { isComplete: memoryBytes !== null, memoryBytes };
  }

  @Authorize()
  @HandlesRequest(deleteSnapshot)
  async delete(
    request: RequestOf<typeof deleteSnapshot>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof deleteSnapshot>> {
    const done = await this.works.through(`delete ${request.snapshotId}`, request, until, () =>
      Promise.resolve({ work: this.removal.remove(request) }),
    );
    return { isComplete: done !== undefined };
  }

  @Authorize()
  @HandlesRequest(revertToSnapshot)
  async revert(
    request: RequestOf<typeof revertToSnapshot>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof revertToSnapshot>> {
    const done = await this.works.through(`revert ${request.operationId}`, request, until, () =>
      Promise.resolve({ work: this.reverts.revert(request) }),
    );
    return { isComplete: done?.value ?? false };
  }

  @Authorize()
  @HandlesRequest(dismissRevert)
  async dismiss(
    request: RequestOf<typeof dismissRevert>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof dismissRevert>> {
    return this.gate.perform(request, until, async () => {
      this.works.requireNoOther(request.vmId, '');
      return { wasUnfinished: await this.records.dismiss(request.vmId) };
    });
  }
}
