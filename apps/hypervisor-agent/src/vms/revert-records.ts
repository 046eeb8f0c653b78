import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DomainError, Uuid } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { syncFolder } from '../work/fence-store.js';
import { isMissing } from '../work/missing-file.js';

const RevertRecord = z.object({ operationId: Uuid, snapshotId: Uuid, isDone: z.boolean() });
export type RevertRecord = z.infer<typeof RevertRecord>;

/**
 * The last revert of each VM: begun, or done, and for which operation. On disk before a disk is touched, and through a
 * restart of the host: a VM whose revert did not end must not boot on disks that are partly another time's.
 */
@Injectable()
export class RevertRecords {
  private readonly folder: string;

  constructor(@Inject(AGENT_CONFIG) config: AgentConfig) {
    this.folder = join(config.STATE_DIR, 'reverts');
  }

  /** @throws SyntaxError, ZodError when the record is damaged: to guess would let a broken VM boot */
  async last(vmId: string): Promise<RevertRecord | undefined> {
    try {
      return RevertRecord.parse(JSON.parse(await readFile(this.fileOf(vmId), 'utf8')));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** @throws DomainError REVERT_UNFINISHED */
  async requireNone(vmId: string): Promise<void> {
    const last = await this.last(vmId);
    if (last !== undefined && !last.isDone)
      throw new DomainError('REVERT_UNFINISHED', { vmId, snapshotId: last.snapshotId });
  }

  /** Written beside and renamed: a crash leaves the old record or the new one. */
  async keep(vmId: string, record: RevertRecord): Promise<void> {
    const made = await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const fresh = `${this.fileOf(vmId)}.new`;
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(record));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, this.fileOf(vmId));
    await syncFolder(this.folder);
    if (made !== undefined) await syncFolder(dirname(this.folder));
  }

  async forget(vmId: string): Promise<void> {
    await rm(this.fileOf(vmId), { force: true });
    if (existsSync(this.folder)) await syncFolder(this.folder);
  }

  /** Somebody wants the VM as it is. @returns whether there was one that had not ended */
  async dismiss(vmId: string): Promise<boolean> {
    const last = await this.last(vmId);
    if (last === undefined || last.isDone) return false;
    await this.keep(vmId, { ...last, isDone: true });
    return true;
  }

  private fileOf(vmId: string): string {
    return join(this.folder, vmId);
  }
}
