import { stat } from 'node:fs/promises';
import { DomainError, isRetryable } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import type { DiskIdentity } from '../disks/disk-identity.js';
import { DiskService } from '../disks/disk.service.js';
import { openDiskFile } from '../disks/disk-files.js';
import { readSnapshotTable } from '../disks/snapshot-table.js';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { ImageStore, type UsableImage } from '../images/image.store.js';
import { SnapshotWorks } from '../snapshots/snapshot-works.js';
import { RevertRecords } from '../vms/revert-records.js';
import { SnapshotFiles } from '../vms/snapshot-files.js';
import type { Deadline } from '../work/deadline.js';

/** `st_blocks` counts in these, whatever the file system's own blocks are. */
const BLOCK_BYTES = 512;

/** A whole disk with QEMU's tables about it, of which each cluster takes some bytes. */
const WITH_TABLES = 1.01;

/** Whose disk is to be copied, and which of its snapshots; null: what the disk holds now. */
export interface SourceOf {
  readonly sourceVmId: string;
  readonly snapshotId: string | null;
}

/** A disk that may be copied now. */
export interface ReadableDisk {
  readonly path: string;
  readonly identity: DiskIdentity;
  readonly capacityBytes: number;
  /** null: the disk has been made independent of it. */
  readonly image: UsableImage | null;
  /** What a copy takes up at most. */
  readonly bytes: number;
}

/** Everything that can refuse that a disk is copied, looked at before anything is written. */
@Injectable()
export class CloneSource {
  constructor(
    private readonly domains: DomainRepository,
    private readonly disks: DiskService,
    private readonly images: ImageStore,
    private readonly works: SnapshotWorks,
    private readonly files: SnapshotFiles,
    private readonly reverts: RevertRecords,
  ) {}

  /** Call within the gate of the VM. @throws DomainError CLONE_SOURCE_UNUSABLE, VM_BUSY, and what passes */
  async require(source: SourceOf, deadline: Deadline): Promise<ReadableDisk> {
    const { sourceVmId } = source;
    this.works.requireNoOther(sourceVmId, '');
    try {
      const observed = await this.domains.observe(sourceVmId, deadline);
      // QEMU moves tables about in what it writes to: read beside it, a copy may be of anything.
      if (observed !== undefined && !isOff(observed.power)) throw new DomainError('VM_BUSY', { power: observed.power });
      await this.reverts.requireNone(sourceVmId);
      await this.domains.requireNoSavedMemory(sourceVmId, deadline);
      await this.disks.requireSound(sourceVmId);
      return await this.read(source);
    } catch (error) {
      if (isRetryable(error) || !(error instanceof DomainError)) throw error;
      const details = { sourceVmId, reason: error.code, ...error.details };
      throw new DomainError('CLONE_SOURCE_UNUSABLE', details, { message: messageOf(error), cause: error });
    }
  }

  private async read({ sourceVmId, snapshotId }: SourceOf): Promise<ReadableDisk> {
    const path = this.disks.pathOf(sourceVmId);
    const header = await this.disks.headerOf(sourceVmId);
    if (header?.identity === undefined) throw new DomainError('DISK_REPLACED');
    const { identity, capacityBytes, backingFile } = header;
    const found = backingFile === undefined ? undefined : await this.images.find(identity.imageId);
    if (backingFile !== undefined && found === undefined) throw new DomainError('IMAGE_MISSING');
    if (snapshotId !== null && (await this.files.held([path], snapshotId))[0] === undefined)
      throw new DomainError('SNAPSHOT_MISSING', { snapshotId });
    return {
      path,
      identity,
      capacityBytes,
      image: found?.image ?? null,
      bytes: Math.min(await bytesOf(path), Math.ceil(capacityBytes * WITH_TABLES)),
    };
  }
}

/** Of one state of the disk; memory that is kept in it is not copied. */
const bytesOf = async (path: string): Promise<number> => {
  const file = await openDiskFile(path);
  try {
    const memory = ((await readSnapshotTable(file)) ?? []).reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    return Math.max(0, (await stat(path)).blocks * BLOCK_BYTES - memory);
  } finally {
    await file.close();
  }
};

const messageOf = ({ code, message }: DomainError): string =>
  code === 'VM_BUSY'
    ? 'The virtual machine whose disk was to be copied is on'
    : `The disk that was to be copied can not be read: ${message}`;
