import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError, Uuid } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { openDiskFile } from '../disks/disk-files.js';
import { DiskService } from '../disks/disk.service.js';
import { qemuImg } from '../disks/qemu-img.js';
import { readSnapshotTable, type HeldSnapshot } from '../disks/snapshot-table.js';
import { VolumeService } from '../volumes/volume.service.js';
import type { Deadline } from '../work/deadline.js';
import { errnoOf, isMissing } from '../work/missing-file.js';

const PREFIX = 'infinibay-';
const LOCK_WAIT_MS = 500;

/** What a snapshot of ours is called in the files, and by libvirt. */
export const snapshotName = (snapshotId: string): string => `${PREFIX}${snapshotId}`;

/** undefined of one that is called otherwise: it is none of ours. */
export const snapshotIdIn = (name: string): string | undefined =>
  name.startsWith(PREFIX) ? Uuid.safeParse(name.slice(PREFIX.length)).data : undefined;

/** Snapshots as they are in the files of disks, which are the truth about them. */
@Injectable()
export class SnapshotFiles {
  constructor(
    private readonly disks: DiskService,
    private readonly volumes: VolumeService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The disk of the VM first. */
  pathsOf(vmId: string, volumeIds: readonly string[]): string[] {
    return [this.disks.pathOf(vmId), ...volumeIds.map((id) => this.volumes.pathOf(id))];
  }

  /** Of the VM that is off. @throws DomainError the problems of disks and volumes */
  async requireSound(vmId: string, volumeIds: readonly string[]): Promise<void> {
    for (const volumeId of volumeIds) await this.volumes.requireSound(volumeId, false);
    await this.disks.requireSound(vmId);
  }

  /** The snapshot in each of the files; undefined in one that does not hold it, or is away. */
  held(paths: readonly string[], snapshotId: string): Promise<(HeldSnapshot | undefined)[]> {
    const name = snapshotName(snapshotId);
    return Promise.all(paths.map(async (path) => (await this.tableOf(path))?.find((one) => one.name === name)));
  }

  /**
   * Brings a file back to a snapshot. What it held since is gone. A program that an agent before this one has left may
   * be at it still: its lock is waited for.
   */
  async goBack(path: string, snapshotId: string, deadline: Deadline): Promise<void> {
    for (;;)
      try {
        return await qemuImg(['snapshot', '-a', snapshotName(snapshotId), path], { snapshotId }, deadline);
      } catch (error) {
        if (!isLockRefused(error)) throw error;
        deadline.check();
        await delay(LOCK_WAIT_MS);
      }
  }

  /** From the files that hold it, of a VM that is off. One that is held twice, as an attempt may leave it, goes twice. */
  async remove(paths: readonly string[], snapshotId: string, deadline: Deadline): Promise<void> {
    const name = snapshotName(snapshotId);
    for (const path of paths)
      for (const held of (await this.tableOf(path)) ?? []) if (held.name === name) await remove(path, name, deadline);
  }

  /** All of ours that volumes hold: their VM goes, and they stay. What cannot be removed only takes up space. */
  async removeAll(volumePaths: readonly string[], deadline: Deadline): Promise<void> {
    for (const path of volumePaths)
      for (const { name } of (await this.tableOf(path)) ?? [])
        if (name.startsWith(PREFIX))
          await remove(path, name, deadline).catch((error: unknown) => {
            this.logger.warn({ err: error, path, name }, 'a snapshot stays in a volume whose VM goes');
          });
  }

  /** @throws DomainError STORAGE_UNAVAILABLE: what is away holds what it holds */
  async requireStorage(vmId: string): Promise<void> {
    const finding = await this.disks.inspect(vmId, true);
    if (finding.status === 'UNUSABLE' && finding.problem.code === 'STORAGE_UNAVAILABLE')
      throw new DomainError('STORAGE_UNAVAILABLE', { vmId }, { message: finding.problem.message });
  }

  /** What tells whether a file was written since; of one that is away nothing does. */
  async versionOf(path: string): Promise<string> {
    const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${dev}:${ino}:${size}:${mtimeNs}`;
  }

  /** undefined of whatever is no disk of ours that can be read: it holds nothing, and nothing is removed from it. */
  private async tableOf(path: string): Promise<HeldSnapshot[] | undefined> {
    try {
      const file = await openDiskFile(path);
      try {
        const table = await readSnapshotTable(file);
        if (table === undefined) this.logger.error({ path }, 'the snapshots of a disk are unreadable');
        return table;
      } finally {
        await file.close();
      }
    } catch (error) {
      if (isMissing(error) || errnoOf(error) === 'ELOOP') return undefined;
      throw error;
    }
  }
}

const isLockRefused = (error: unknown): boolean =>
  error instanceof DomainError && error.cause instanceof Error && / lock\b/.test(error.cause.message);

const remove = (path: string, name: string, deadline: Deadline): Promise<void> =>
  qemuImg(['snapshot', '-d', name, path], { name }, deadline);
