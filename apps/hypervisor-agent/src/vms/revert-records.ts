import { join } from 'node:path';
import { DomainError, Uuid } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { RecordStore } from '../work/record-store.js';

const RevertRecord = z.object({ operationId: Uuid, snapshotId: Uuid, isDone: z.boolean() });
export type RevertRecord = z.infer<typeof RevertRecord>;

/**
 * The last revert of each VM: begun, or done, and for which operation. On disk before a disk is touched, and through a
 * restart of the host: a VM whose revert did not end must not boot on disks that are partly another time's.
 */
@Injectable()
export class RevertRecords extends RecordStore<RevertRecord> {
  constructor(@Inject(AGENT_CONFIG) config: AgentConfig) {
    super(join(config.STATE_DIR, 'reverts'), RevertRecord);
  }

  /** @throws DomainError REVERT_UNFINISHED */
  async requireNone(vmId: string): Promise<void> {
    const last = await this.last(vmId);
    if (last !== undefined && !last.isDone)
      throw new DomainError('REVERT_UNFINISHED', { vmId, snapshotId: last.snapshotId });
  }

  /** Somebody wants the VM as it is. @returns whether there was one that had not ended */
  async dismiss(vmId: string): Promise<boolean> {
    const last = await this.last(vmId);
    if (last === undefined || last.isDone) return false;
    await this.keep(vmId, { ...last, isDone: true });
    return true;
  }
}
